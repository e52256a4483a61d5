/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "debian/debian.h"

/* What is known of a package when its files are being unpacked, and later for the database. */

struct conffile {
    char *path; /* without leading '/' */
    char *md5;  /* NULL: the package does not ship it */
};

typedef struct package {
    char *name, *arch, *version; /* checked: no odd letters */
    char *stem;    /* of its files in info/: "libc6:amd64" where Multi-Arch is "same", else name */
    char *control; /* its control file without blank lines around */
    char *pre_depends, *provides, *replaces; /* fields; NULL: none */
    char *diverts;       /* its preinst, when that speaks of dpkg-divert; else NULL */
    GString *diversions; /* what of dpkg's file of that name is its own: three lines for each */
    gboolean automatic;
    GPtrArray *conffiles;    /* of struct conffile *, in the order of the package's own list */
    GHashTable *conffile_of; /* the same by path */
    GPtrArray *files;        /* of char *: "/.", "/etc", …, in the order of data.tar */
    GHashTable *lost;        /* set of those that another package has taken over (Replaces) */
    GString *sums;           /* for info, md5sums: where the package has none itself; else NULL */
} package;

/* name: what the package must be called.  The caller owns it. */
package *package_new(const char *path, const char *name, const GPtrArray *members,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
void package_free(package *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(package, package_free)

/* The conffile of that path (without leading '/'), or NULL. */
struct conffile *package_conffile(const package *p, const char *path);

/* Whether p may take over files of other (Debian Policy 7.6.1). */
gboolean package_replaces(const package *p, const package *other);

/* Where a file of other goes when p, which ships one of the same path, diverts it in its preinst
 * (dpkg-divert(1)): FALSE, p does not; else *to is the path, or NULL when it cannot be told.  A
 * guess from the text of the script, since nothing of a package is run here. */
gboolean package_diverts(const package *p, const package *other, const char *path, char **to);
