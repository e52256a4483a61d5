/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "debian/entry.h"

/* The package of a name, or NULL. */
const deb_entry *catalog_find(const deb_catalog *catalog, const char *name);

/* All packages sorted by name, of const deb_entry *; the catalog owns the array. */
const GPtrArray *catalog_entries(const deb_catalog *catalog);

/* The packages that provide a name, which need not be a package itself: the most important first,
 * then by name.  Catalog and name are borrowed. */
struct deb_providers {
    const deb_catalog *catalog;
    const char *name;
    guint next;
};
struct deb_providers catalog_providers(const deb_catalog *catalog, const char *name);
/* NULL: there are no more. */
const deb_entry *catalog_next_provider(struct deb_providers *providers);
/* As which version the last one provides the name; the caller owns it.  NULL: not stated. */
char *catalog_provided_version(const struct deb_providers *providers);

/* Sets *error: there is no such package; the hint suggests a similar name. */
void catalog_fail(const deb_catalog *catalog, const char *name, GError **error);
