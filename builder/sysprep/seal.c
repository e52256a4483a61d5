/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/customise.h"

gboolean sysprep_operation_run(const sysprep_operation *op, guest *g, GError **error)
{
    return (!op->remove || guest_remove(g, op->remove, error)) &&
           (!op->empty || guest_empty(g, op->empty, error)) && (!op->run || op->run(g, error));
}

static gboolean seal_is_wanted(const guest *g, const char *const *names,
                               const sysprep_operation *op)
{
    return (names ? g_strv_contains(names, op->name) : !op->off) && guest_is_of(g, op->families);
}

static gboolean run_operations(guest *g, const char *const *names, GPtrArray *ran, GError **error)
{
    for (const sysprep_operation *const *op = sysprep_operations(); *op; op++) {
        if (!seal_is_wanted(g, names, *op))
            continue;
        g->doing = (*op)->name;
        progress_detail(g->p, "%s: %s", (*op)->name, (*op)->heading);
        if (!sysprep_operation_run(*op, g, error)) {
            g_prefix_error(error, "%s: ", (*op)->name);
            return FALSE;
        }
        g_ptr_array_add(ran, g_strdup((*op)->name));
    }
    g->doing = NULL;
    return TRUE;
}

static void seal_change_free(gpointer data)
{
    struct guest_change *change = data;
    g_free(change->path);
    g_free(change);
}

/* Measuring and the policy, as far as requested. */
static gboolean seal_judge(guest *g, const struct sysprep_spec *spec, GError **error)
{
    if (spec->no_policy)
        return TRUE;
    progress_phase(g->p, "policy");
    return guest_measure(g, error) && inspect_policy(g, &spec->wanted, error);
}

/* Of an image that must not change the appliance has an overlay: nothing is worth trimming. */
static gboolean finish(guest *g, const struct sysprep_spec *spec, GError **error)
{
    if (g->read_only)
        return TRUE;
    progress_phase(g->p, "trim"); /* or deleted blocks would be compressed into the template */
    return (spec->no_trim || guest_trim(g, error)) && guest_shutdown(g, error);
}

static guest_facts *seal_work(guest *g, const struct sysprep_spec *spec, GError **error)
{
    g_autoptr(GPtrArray) ran = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func(seal_change_free);
    g->changes = changes;
    progress_phase(g->p, "inspect");
    if (!guest_inspect(g, error))
        return NULL;
    if (!customise_before(g, spec->customise, error))
        return NULL;
    progress_phase(g->p, "operations");
    if (!run_operations(g, spec->operations, ran, error) ||
        !customise_after(g, spec->customise, error) || !guest_put_files(g, spec->files, error))
        return NULL;
    if (!seal_judge(g, spec, error) || !finish(g, spec, error))
        return NULL;
    g->facts->operations = g_steal_pointer(&ran);
    g->facts->changes = g_steal_pointer(&changes);
    return g_steal_pointer(&g->facts);
}

/* Packages and scripts may need it. */
static gboolean wants_network(const struct sysprep_customise *c)
{
    return c && (c->packages || c->scripts);
}

gboolean sysprep_image(const struct sysprep_spec *spec, progress *p, GCancellable *cancel,
                       guest_facts **facts, GError **error)
{
    struct guest_spec open = spec->open;
    open.network = wants_network(spec->customise);
    progress_phase(p, "launch");
    g_autoptr(guest) g = guest_open(&open, p, cancel, error);
    guest_facts *found = g ? seal_work(g, spec, error) : NULL;
    if (!found) {
        if (g)
            guest_limit_error(g, error);
        return FALSE;
    }
    *facts = found;
    return TRUE;
}

gboolean sysprep_tree(const struct sysprep_spec *spec, const struct guest_tree_spec *in,
                      progress *p, GCancellable *cancel, guest_facts **facts, GError **error)
{
    g_autoptr(guest) g = guest_open_tree(in, p, cancel);
    guest_facts *found = seal_work(g, spec, error);
    if (found)
        *facts = found;
    return found != NULL;
}
