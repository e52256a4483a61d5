/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

#include <stdlib.h>
#include <string.h>

/* machine-id(5): older ones take the word for a damaged id. */
#define FIRST_VERSION 247

/* systemd's private library has its version in its name: "libsystemd-shared-252.so". */
static const char libraries[] =
    "/{usr/,}lib{,64}/{,*-linux-gnu*/}systemd/libsystemd-shared-[0-9]*.so";

static gboolean newest_systemd(guest *g, long *version, GError **error)
{
    static const char before[] = "libsystemd-shared-";
    g_auto(GStrv) paths = guest_glob(g, libraries, error);
    *version = 0;
    for (char **path = paths; path && *path; path++) {
        g_autofree char *name = g_path_get_basename(*path);
        if (!g_str_has_suffix(*path, "/") && g_str_has_prefix(name, before))
            *version = MAX(*version, strtol(name + strlen(before), NULL, 10));
    }
    return paths != NULL;
}

/* After machine-id, which leaves the file empty. */
static gboolean first_boot_operation(guest *g, GError **error)
{
    long version;
    if (!newest_systemd(g, &version, error))
        return FALSE;
    if (version >= FIRST_VERSION)
        return guest_write_file(g, "/etc/machine-id", "uninitialized\n", error);
    progress_warning(g->p,
                     "first-boot does nothing: the guest has no systemd %d or newer, and no other "
                     "knows an uninitialized machine-id",
                     FIRST_VERSION);
    return TRUE;
}

const sysprep_operation operation_first_boot = {
    .name = "first-boot",
    .heading = "Make systemd treat the next boot as its first (machine-id uninitialized)",
    .off = TRUE,
    .run = first_boot_operation,
};
