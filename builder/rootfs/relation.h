/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* Relations between packages, "a (>= 1.2) | b, c:any" (Debian Policy 7.1). */
struct relation {
    char *name;
    char *sense; /* "<<", "<=", "=", ">=" or ">>"; NULL: any version */
    char *version;
};
void relation_clear(struct relation *r);

/* The next relation of a field, alternatives as if they were relations of their own; *at moves
 * behind it.  FALSE: there is none.  *r is cleared first, so one struct serves for a whole loop and
 * is cleared by the caller only when that ends early. */
gboolean relation_next(const char **at, struct relation *r);

/* Whether a package of that name and version is what is meant. */
gboolean relation_meets(const struct relation *r, const char *name, const char *version);
