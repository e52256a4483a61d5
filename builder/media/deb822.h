/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* The form of Release, Packages and *.sources files: Debian Policy 5.1, deb822(5).  The text may
 * be anything: it is checked, and refused when it is not of that form. */

/* The next stanza at *at, which moves behind it; NULL with *error unset: there is none before end.
 * The table has the fields, names in lower case, values without the blanks around them, the lines
 * of a value joined by '\n' with their leading blanks; owned by the caller.  Lines that begin with
 * '#' are comments.  Errors are of INGOT_EXIT_MEDIA and name the line. */
GHashTable *media_deb822_next(const char **at, const char *end,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The value of a field (name in lower case), or NULL; owned by the table. */
const char *media_deb822_get(GHashTable *stanza, const char *name);

/* Compares two versions of packages as dpkg does (deb-version(7)): <0, 0, >0. */
int media_deb_version_compare(const char *a, const char *b);
