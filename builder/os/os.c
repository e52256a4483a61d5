/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "os/os.h"

const char *const os_base_packages[] = {"net-tools", "lrzsz", "screen", "tree",
                                        "vim",       "wget",  NULL};

void os_file_free(struct os_file *file)
{
    if (!file)
        return;
    g_free(file->path);
    g_bytes_unref(file->data);
    g_free(file);
}
