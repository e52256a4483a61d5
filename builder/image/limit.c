/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/appliance.h"

#include "base/error.h"

/* libguestfs waits for its appliance without any limit, and QEMU stops an appliance whose disk
 * cannot be written; so its calls are watched from another thread. */

/* Seconds without any progress, of an appliance that computes or reads; and in all.  The longest
 * launch that was measured is the seal of a Debian system: 27 s emulated, of which the slowest call
 * takes four.  An emulated appliance is ten times slower. */
#define STILL_HARDWARE (5 * 60)
#define STILL_EMULATED (10 * 60)
#define TOTAL_HARDWARE (2 * 3600)
#define TOTAL_EMULATED (8 * 3600)

void appliance_enter_call(guest *g, const char *name, gsize length)
{
    g_autofree char *call = g_strndup(name, length);
    g_atomic_pointer_set(&g->appliance->call, g_intern_string(call));
}

static struct watch_limits limits_of(const struct guest_spec *spec)
{
    struct watch_limits l = spec->limits;
    if (l.still <= 0)
        l.still = spec->force_tcg ? STILL_EMULATED : STILL_HARDWARE;
    if (l.total <= 0)
        l.total = spec->force_tcg ? TOTAL_EMULATED : TOTAL_HARDWARE;
    return l;
}

watch *appliance_watch(guest *g, void (*end)(gpointer g))
{
    g_autofree char *scratch = guestfs_get_tmpdir(g->appliance->h);
    const char *const paths[] = {g->appliance->disk, scratch, NULL};
    const struct watch_spec spec = {
        .limits = limits_of(g->appliance->spec), .paths = paths, .end = end, .user = g};
    return watch_start(&spec);
}

gboolean appliance_limit_error(guest *g, GError **error)
{
    g_autofree char *remedy = NULL;
    g_autofree char *cause = watch_cause(g->appliance->watch, &remedy);
    const char *call = g_atomic_pointer_get(&g->appliance->call);
    if (!cause || g_cancellable_is_cancelled(g->cancel))
        return FALSE;
    gboolean full = watch_verdict(g->appliance->watch) == WATCH_FULL;
    g_autofree char *operation = g->doing ? g_strdup_printf("%s: ", g->doing) : g_strdup("");
    g_clear_error(error);
    ingot_set_error(error, full ? INGOT_EXIT_HOST : INGOT_EXIT_SEAL,
                    remedy ? remedy
                           : "a file system of the image may be damaged, or this host too busy; -v "
                             "shows the appliance's messages",
                    "%sthe appliance was stopped in %s of %s: %s", operation,
                    call ? call : "launch", g->name, cause);
    return TRUE;
}
