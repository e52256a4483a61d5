/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/handle.h"

#include "base/error.h"
#include "base/text.h"

gboolean guest_fail(guest *g, GError **error, const char *format, ...)
{
    if (g_cancellable_set_error_if_cancelled(g->cancel, error) || guest_limit_error(g, error))
        return FALSE;
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    const char *said = guestfs_last_error(g->h);
    g_autofree char *clean = text_printable(said ? said : "no reason was given", -1);
    ingot_set_error(error, INGOT_EXIT_SEAL, NULL, "cannot %s: %s", what, clean);
    return FALSE;
}
