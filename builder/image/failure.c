/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"
#include "image/backend.h"

gboolean guest_limit_error(guest *g, GError **error)
{
    return g->backend->limit_error && g->backend->limit_error(g, error);
}

gboolean guest_fail(guest *g, GError **error, const char *what, ...)
{
    if (g_cancellable_is_cancelled(g->cancel)) {
        g_clear_error(error);
        return !g_cancellable_set_error_if_cancelled(g->cancel, error);
    }
    if (guest_limit_error(g, error))
        return FALSE;
    if (error && *error && (*error)->domain != INGOT_ERROR) {
        g_autoptr(GError) reason = g_steal_pointer(error);
        ingot_set_error(error, INGOT_EXIT_SEAL, NULL, "%s", reason->message);
    }
    va_list args;
    va_start(args, what);
    g_autofree char *wanted = g_strdup_vprintf(what, args);
    va_end(args);
    g_prefix_error(error, "cannot %s: ", wanted);
    return FALSE;
}
