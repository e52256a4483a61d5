/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "debian/debian.h"

/* ---- a package that is being unpacked ---- */

/* Facts collected while its files are written, and used later for the database. */

struct deb_conffile {
    char *path; /* without leading '/' */
    char *md5;  /* NULL: the package does not ship it */
};

typedef struct deb_unpacked {
    char *path;                  /* of the .deb, for messages */
    char *name, *arch, *version; /* checked: no unusual characters */
    char *stem;    /* of its files in info/: "libc6:amd64" where Multi-Arch is "same", else name */
    char *control; /* its control file without blank lines around */
    char *pre_depends, *provides, *replaces; /* fields; NULL: none */
    char *diverts;       /* its preinst, if that mentions dpkg-divert; else NULL */
    GString *diversions; /* what of dpkg's file of that name is its own: three lines for each */
    gboolean automatic;
    GPtrArray *conffiles;    /* of struct deb_conffile *, in the order of the package's own list */
    GHashTable *conffile_of; /* the same by path */
    GPtrArray *files;        /* of char *: "/.", "/etc", …, in the order of data.tar */
    GHashTable *lost;        /* set of those that another package took over (Replaces) */
    GString *sums;           /* for info, md5sums: if the package has none itself; else NULL */
} deb_unpacked;

/* path: of the .deb; name: the name that the package must have.  The caller owns it. */
deb_unpacked *deb_unpacked_new(const char *path, const char *name, const GPtrArray *members,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
void deb_unpacked_free(deb_unpacked *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(deb_unpacked, deb_unpacked_free)

/* The conffile of that path (without leading '/'), or NULL. */
struct deb_conffile *deb_unpacked_conffile(const deb_unpacked *p, const char *path);

/* Whether p may take over files of other (Debian Policy 7.6.1). */
gboolean deb_unpacked_replaces(const deb_unpacked *p, const deb_unpacked *other);

/* Where a file of other goes if p, which ships one of the same path, diverts it in its preinst
 * (dpkg-divert(1)): FALSE, p does not; else *to is the path, or NULL if it is not clear.  A guess
 * from the text of the script, since nothing of a package runs here. */
gboolean deb_unpacked_diverts(const deb_unpacked *p, const deb_unpacked *other, const char *path,
                              char **to);

/* ---- dpkg's database ---- */

/* The databases of dpkg and apt as `dpkg --unpack` leaves them (dpkg(1), deb-control(5),
 * deb-triggers(5), and what dpkg 1.22 writes): info/, status, the triggers that packages are
 * interested in, apt's extended_states.  `dpkg --configure` continues from there.  One thing
 * differs: a configuration file is in its place with its digest in status, and not beside it as
 * NAME.dpkg-new.  dpkg regards it as dealt with. */
typedef struct deb_database deb_database;

/* The sink and its target must live as long; the caller owns the object. */
deb_database *deb_database_new(const struct rootfs_sink *sink, gpointer to);
void deb_database_free(deb_database *db);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(deb_database, deb_database_free)

/* Takes a package, before its files are unpacked; writes what of the database is its own, then; and
 * the rest with DEB_ORDER after the last package. */
void deb_database_add(deb_database *db, deb_unpacked *package, gboolean automatic);
gboolean deb_database_put(deb_database *db, const deb_unpacked *package, const GPtrArray *members,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean deb_database_finish(deb_database *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;
