/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/guest.h"

#include "guest/customise.h"
#include "guest/handle.h"
#include "guest/policy.h"
#include "guest/tree.h"

#include <inttypes.h>

char *guest_library_version(void)
{
    guestfs_h *h = guestfs_create();
    struct guestfs_version *v = h ? guestfs_version(h) : NULL;
    char *text = v ? g_strdup_printf("%" PRIi64 ".%" PRIi64 ".%" PRIi64 "%s", v->major, v->minor,
                                     v->release, v->extra)
                   : g_strdup("unknown");
    g_clear_pointer(&v, guestfs_free_version);
    g_clear_pointer(&h, guestfs_close);
    return text;
}

gboolean guest_operation_run(const guest_operation *op, guest *g, GError **error)
{
    return (!op->remove || guest_remove(g, op->remove, error)) &&
           (!op->empty || guest_empty(g, op->empty, error)) && (!op->run || op->run(g, error));
}

static gboolean is_wanted(const guest *g, const guest_operation *op)
{
    const char *const *names = g->spec->operations;
    return (names ? g_strv_contains(names, op->name) : !op->off) && guest_is_of(g, op->families);
}

static gboolean run_operations(guest *g, GPtrArray *ran, GError **error)
{
    for (const guest_operation *const *op = guest_operations(); *op; op++) {
        if (!is_wanted(g, *op))
            continue;
        g->running = *op;
        progress_detail(g->p, "%s: %s", (*op)->name, (*op)->heading);
        if (!guest_operation_run(*op, g, error)) {
            g_prefix_error(error, "%s: ", (*op)->name);
            return FALSE;
        }
        g_ptr_array_add(ran, g_strdup((*op)->name));
    }
    g->running = NULL;
    return TRUE;
}

/* What was deleted is given back to the host, or it would be compressed into the template. */
static gboolean trim(guest *g, GError **error)
{
    for (char **pair = g->mountpoints; pair[0] && pair[1]; pair += 2) {
        g_autofree char *type = guestfs_vfs_type(g->h, pair[1]);
        if (g_strcmp0(type, "vfat") == 0) /* an ESP: some hundred KiB, and fstrim costs more */
            continue;
        if (guestfs_fstrim(g->h, pair[0], -1) != 0)
            return guest_fail(g, error, "trim the file system %s", pair[0]);
    }
    return TRUE;
}

static void change_free(gpointer data)
{
    struct guest_change *change = data;
    g_free(change->path);
    g_free(change);
}

/* Measuring and the policy, as far as they are asked for. */
static gboolean seal_judge(guest *g, GError **error)
{
    if (g->spec->no_policy)
        return TRUE;
    progress_phase(g->p, "policy");
    return guest_measure(g, error) && guest_policy(g, error);
}

/* Of an image that must not change the appliance has an overlay: nothing is worth trimming. */
static gboolean finish(guest *g, GError **error)
{
    if (g->spec->read_only)
        return TRUE;
    progress_phase(g->p, "trim");
    return (g->spec->no_trim || trim(g, error)) && guest_shutdown(g, error);
}

static guest_facts *seal_work(guest *g, GError **error)
{
    g_autoptr(GPtrArray) ran = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func(change_free);
    g->changes = changes;
    progress_phase(g->p, "inspect");
    if (!guest_inspect(g, error))
        return NULL;
    if (!customise_before(g, error))
        return NULL;
    progress_phase(g->p, "operations");
    if (!run_operations(g, ran, error) || !customise_after(g, error) ||
        !guest_put_files(g, g->spec->files, error))
        return NULL;
    if (!seal_judge(g, error) || !finish(g, error))
        return NULL;
    g->facts->operations = g_steal_pointer(&ran);
    g->facts->changes = g_steal_pointer(&changes);
    return g_steal_pointer(&g->facts);
}

gboolean guest_seal(const struct seal_spec *spec, progress *p, GCancellable *cancel,
                    guest_facts **facts, GError **error)
{
    progress_phase(p, "launch");
    g_autoptr(guest) g = guest_open(spec, p, cancel, error);
    guest_facts *found = g ? seal_work(g, error) : NULL;
    if (!found) {
        if (g)
            guest_limit_error(g, error);
        return FALSE;
    }
    *facts = found;
    return TRUE;
}
