/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "debian/stanza.h"

/* The package of a name, or NULL. */
const deb_stanza *catalog_find(const deb_catalog *catalog, const char *name);

/* A package that provides a name, which need not be a package itself. */
struct deb_provider {
    const deb_stanza *stanza;
    char *version; /* NULL: not stated */
};
/* Of struct deb_provider *, the most important first, then by name; NULL: nothing provides it. */
const GPtrArray *catalog_providers(const deb_catalog *catalog, const char *name);

/* All packages sorted by name, of const deb_stanza *; the caller owns the array. */
GPtrArray *catalog_list(const deb_catalog *catalog);

/* Sets *error: there is no such package; the hint suggests a similar name. */
void catalog_fail(const deb_catalog *catalog, const char *name, GError **error);
