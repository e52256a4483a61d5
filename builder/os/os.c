/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "os/os.h"

#include "debian/debian.h"

#include <string.h>

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

char *os_host_archive(gboolean security)
{
    return deb_host_mirror(NULL, security);
}

gboolean os_family_has_host_archive(const char *family)
{
    return strcmp(family, "debian") == 0;
}

gboolean os_release_has_security(const char *family, const char *release)
{
    static const char *const without[] = {"sid", "unstable", "experimental", NULL};
    return strcmp(family, "debian") == 0 && !g_strv_contains(without, release);
}
