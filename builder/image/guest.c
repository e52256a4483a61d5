/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/handle.h"

#include "image/appliance.h"
#include "image/backend.h"
#include "image/walk.h"

static guest *guest_new(const struct guest_backend *backend, const char *name, progress *p,
                        GCancellable *cancel)
{
    guest *g = g_new0(guest, 1);
    g->backend = backend;
    g->name = name;
    g->p = p;
    g->cancel = cancel;
    return g;
}

guest *guest_open(const struct guest_spec *spec, progress *p, GCancellable *cancel, GError **error)
{
    const char *name = spec->name ? spec->name : image_path(spec->image);
    if (g_cancellable_set_error_if_cancelled(cancel, error))
        return NULL;
    g_autoptr(guest) g = guest_new(&guest_in_appliance, name, p, cancel);
    g->read_only = spec->read_only;
    return appliance_launch(g, spec, error) ? g_steal_pointer(&g) : NULL;
}

guest *guest_open_tree(const struct guest_tree_spec *spec, progress *p, GCancellable *cancel)
{
    guest *g = guest_new(&guest_in_tree, spec->name, p, cancel);
    g->tree = spec;
    g->place = spec->place;
    return g;
}

gboolean guest_shutdown(guest *g, GError **error)
{
    return (!g->backend->shutdown || g->backend->shutdown(g, error)) &&
           !g_cancellable_set_error_if_cancelled(g->cancel, error);
}

void guest_close(guest *g)
{
    if (!g)
        return;
    if (g->backend->close)
        g->backend->close(g);
    g_strfreev(g->mountpoints);
    g_strfreev(g->filesystems);
    guest_facts_free(g->facts);
    guest_walk_free(g->walk);
    g_free(g->format);
    g_free(g);
}

gboolean guest_is_of(const guest *g, const char *const *families)
{
    return !families || (g->facts && g_strv_contains(families, g->facts->distro)) ||
           (g->format && g_strv_contains(families, g->format));
}
