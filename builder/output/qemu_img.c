/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/qemu_img.h"

#include "base/error.h"

#include <errno.h>
#include <string.h>

gboolean qemu_img_fail(GError *cause, const char *out, GError **error)
{
    g_autoptr(GError) local = cause;
    if (g_error_matches(local, G_IO_ERROR, G_IO_ERROR_CANCELLED) || ingot_error_hint(local)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    g_autofree char *why = ingot_error_text(local);
    g_autofree char *folder = g_path_get_dirname(out);
    if (strstr(why, g_strerror(ENOSPC)) || strstr(why, "No space left on device"))
        ingot_set_error(error, INGOT_EXIT_HOST,
                        "free some room there, or use another output folder",
                        "there is no room left in %s", folder);
    else
        ingot_set_error(error, INGOT_EXIT_OUTPUT, NULL, "cannot write %s: %s", out, why);
    return FALSE;
}
