/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/catalog.h"
#include "debian/relation.h"

#include "base/error.h"

/* Single packages, and those of a kernel. */

#define KERNEL_PARTS_MAX 8u
#define KERNEL_HOPS_MAX  8u

deb_package *deb_choose(const deb_catalog *catalog, const char *name, GError **error)
{
    const deb_entry *s = catalog_find(catalog, name);
    if (s)
        return entry_package(s, error);
    catalog_fail(catalog, name, error);
    return NULL;
}

/* Appends to names those dependencies of a package that have the prefix. */
static void add_depends(const deb_entry *s, const char *prefix, GPtrArray *names)
{
    struct slice clause, part, rest = entry_field(s, DEB_FIELD_DEPENDS);
    while (slice_next(&rest, ',', &clause)) {
        if (!slice_next(&clause, '|', &part))
            continue;
        g_auto(deb_relation) r = relation_parse(part);
        if (g_str_has_prefix(r.name, prefix) && names->len < KERNEL_PARTS_MAX &&
            !g_ptr_array_find_with_equal_func(names, r.name, g_str_equal, NULL))
            g_ptr_array_add(names, g_steal_pointer(&r.name));
    }
}

/* The package behind a metapackage; the caller owns the name. */
static char *kernel_name(const deb_catalog *catalog, const char *name, GError **error)
{
    g_autofree char *at = g_strdup(name);
    for (guint hops = 0; hops < KERNEL_HOPS_MAX; hops++) {
        const deb_entry *s = catalog_find(catalog, at);
        g_autoptr(GPtrArray) next = g_ptr_array_new_with_free_func(g_free);
        if (!s) {
            catalog_fail(catalog, at, error);
            return NULL;
        }
        add_depends(s, "linux-image-", next);
        if (!next->len)
            return g_steal_pointer(&at);
        g_free(at);
        at = g_strdup(g_ptr_array_index(next, 0));
    }
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "the package “%s” does not depend on a kernel",
                    name);
    return NULL;
}

/* Some distributions have the modules, or even the kernel, in packages of their own. */
static GPtrArray *kernel_names(const deb_catalog *catalog, const char *name, GError **error)
{
    char *real = kernel_name(catalog, name, error);
    if (!real)
        return NULL;
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(names, real);
    for (guint i = 0; i < names->len; i++) {
        const deb_entry *s = catalog_find(catalog, g_ptr_array_index(names, i));
        if (s) {
            add_depends(s, "linux-modules-", names);
            add_depends(s, "linux-binary-", names);
        }
    }
    return names;
}

GPtrArray *deb_choose_kernel(const deb_catalog *catalog, const char *name, GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)deb_package_free);
    g_autoptr(GPtrArray) names = kernel_names(catalog, name, error);
    for (guint i = 0; names && i < names->len; i++) {
        deb_package *m = deb_choose(catalog, g_ptr_array_index(names, i), error);
        if (!m)
            return NULL;
        g_ptr_array_add(all, m);
    }
    return names ? g_steal_pointer(&all) : NULL;
}
