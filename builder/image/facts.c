/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/text.h"
#include "image/backend.h"

#include <string.h>

void guest_facts_free(guest_facts *facts)
{
    if (!facts)
        return;
    g_free(facts->type);
    g_free(facts->distro);
    g_free(facts->product);
    g_free(facts->arch);
    g_free(facts->hostname);
    g_free(facts->root_device);
    g_free(facts->root_filesystem);
    g_clear_pointer(&facts->packages, g_ptr_array_unref);
    g_clear_pointer(&facts->operations, g_ptr_array_unref);
    g_clear_pointer(&facts->changes, g_ptr_array_unref);
    g_free(facts);
}

const struct guest_package *guest_facts_package(const guest_facts *facts, const char *name)
{
    for (guint i = 0; facts->packages && i < facts->packages->len; i++) {
        const struct guest_package *package = g_ptr_array_index(facts->packages, i);
        if (strcmp(package->name, name) == 0)
            return package;
    }
    return NULL;
}

static gint facts_by_name(gconstpointer a, gconstpointer b)
{
    const struct guest_package *x = *(struct guest_package *const *)a;
    const struct guest_package *y = *(struct guest_package *const *)b;
    int order = strcmp(x->name, y->name);
    return order ? order : strcmp(x->arch, y->arch);
}

/* Texts of the guest are shown and written to manifests, so nothing but printable text passes. */
static char *known_or(char *owned)
{
    g_autofree char *text = owned;
    return text ? text_printable(text, -1) : g_strdup("unknown");
}

gboolean guest_inspect(guest *g, GError **error)
{
    g->facts = g_new0(guest_facts, 1);
    if (!g->backend->inspect(g, error))
        return FALSE;
    g->facts->root_filesystem = known_or(guest_filesystem_type(g, g->facts->root_device));
    return guest_any(g, "/{usr/,}lib/systemd/systemd", &g->facts->systemd, error);
}

gboolean guest_measure(guest *g, GError **error)
{
    g_autoptr(GPtrArray) packages = guest_packages_new();
    guest_facts *facts = g->facts;
    if (!g->backend->packages(g, packages, error))
        return FALSE;
    if (!g->backend->sizes(g, &facts->disk_size, &facts->root_used, error))
        return guest_fail(g, error, "measure the file system of the guest");
    g_ptr_array_sort(packages, facts_by_name);
    g_clear_pointer(&facts->packages, g_ptr_array_unref);
    facts->packages = g_steal_pointer(&packages);
    return TRUE;
}
