/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "debian/stanza.h"

/* The package of a name, or NULL. */
const deb_stanza *catalog_find(const deb_catalog *catalog, const char *name);

/* One of those who provide a name that need not be a package. */
struct deb_provider {
    const deb_stanza *stanza;
    char *version; /* NULL: not said */
};
/* Of struct deb_provider *, the most important first, then by name; NULL: nobody does. */
const GPtrArray *catalog_providers(const deb_catalog *catalog, const char *name);

/* All packages sorted by name, of const deb_stanza *; the caller owns the array. */
GPtrArray *catalog_list(const deb_catalog *catalog);

/* Sets *error: there is no such package; the hint has the name that may be meant. */
void catalog_fail(const deb_catalog *catalog, const char *name, GError **error);
