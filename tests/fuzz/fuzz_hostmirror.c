/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/debian.h"

#include "base/files.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *folder; /* fuzzing is one process without an end */

static void drop_folder(void)
{
    files_remove_tree(folder);
}

static void look(const char *name, const uint8_t *data, size_t size)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    if (!g_file_set_contents(path, (const char *)data, (gssize)size, NULL))
        abort();
    g_autofree char *mirror = deb_host_mirror(folder, FALSE);
    if (mirror) {
        g_assert(strstr(mirror, "://") && g_str_has_suffix(mirror, "/debian"));
        g_assert(!strpbrk(mirror, "@ \t\r\n?#$"));
    }
    (void)remove(path);
}

/* Any bytes as the host's sources, in both forms. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!folder) {
        folder = files_temp_dir(g_get_tmp_dir(), "ingot-fuzz", NULL);
        g_autofree char *parts = g_build_filename(folder, "sources.list.d", NULL);
        if (!files_mkdir(parts, FALSE, NULL))
            abort();
        (void)atexit(drop_folder);
    }
    look("sources.list", data, size);
    look("sources.list.d/a.sources", data, size);
    return 0;
}
