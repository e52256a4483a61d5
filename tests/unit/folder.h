/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "test.h"

#include "base/files.h"

/* A directory for all tests of one program: folder_make in its group set-up, folder_remove as its
 * tear-down. */
static char *folder;

static inline int folder_make(const char *prefix)
{
    folder = files_temp_dir(g_get_tmp_dir(), prefix, NULL);
    return folder ? 0 : -1;
}

static inline int folder_remove(void **state)
{
    (void)state;
    files_remove_tree(folder);
    g_free(folder);
    return 0;
}
