/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "rootfs/rootfs.h"

/* The home of Debian's packaging: its names, versions and relations, the form of its files, what
 * its archives declare, which packages a system needs.  The other rooms use it through its records.
 * Everything that is read is untrusted: it is checked, and refused with an error of
 * INGOT_EXIT_MEDIA that names the line or the package. */

/* ---- its records ---- */

extern const struct media_format deb_format; /* .deb; its head: of struct deb_member * */
extern const struct media_source deb_source; /* archives: InRelease -> Packages -> .deb */
/* The databases of dpkg and apt as `dpkg --unpack` leaves them, and DEB_ORDER. */
extern const struct rootfs_database deb_dpkg;

/* The file in an unpacked system that lists the packages in the order in which their preinst
 * scripts run: one line "NAME ARCH STEM" each, STEM being the name of its files in
 * var/lib/dpkg/info. */
#define DEB_ORDER "var/lib/ingot/order"

/* ---- names ---- */

/* The name of a package (Debian Policy 5.6.1, except that one letter is enough), for PCRE and
 * ECMA-262 alike. */
#define DEB_NAME_PATTERN "[a-z0-9][a-z0-9+.-]*"
gboolean deb_is_name(const char *text);
/* A name that may be requested: of at least two letters (Policy 5.6.1), and without the final "-"
 * that apt-get(8) takes for "remove".  *why, owned by the caller, may explain a wrong one; else
 * NULL. */
#define DEB_NAME_WHAT "a package name (a-z, 0-9, '+', '-' and '.')"
gboolean deb_is_wanted_name(const char *text);
char *deb_name_advice(const char *text);
/* Policy 5.6.12; nothing that has a meaning in a path or a line. */
gboolean deb_is_version(const char *text);
/* Policy 5.6.8: "amd64", "all". */
gboolean deb_is_arch(const char *text);
/* Of a path below an archive: relative, without empty, "." and ".." parts and control characters.
 */
gboolean deb_path_is_safe(const char *text);

/* Debian's name of an architecture ("amd64") for the kernel's ("x86_64"), and the reverse; NULL:
 * unknown. */
const char *deb_arch_of_machine(const char *machine);
const char *deb_arch_to_machine(const char *arch);

/* Compares two versions of packages as dpkg does (deb-version(7)): <0, 0, >0. */
int deb_version_compare(const char *a, const char *b);

/* ---- the form of Release, Packages and *.sources files: Policy 5.1, deb822(5) ---- */

/* The next stanza at *at, which moves behind it; NULL with *error unset: there is none before end.
 * The table maps field names in lower case to values without the blanks around them; the lines of a
 * value are joined by '\n' and keep their leading blanks; owned by the caller.  Lines that begin
 * with '#' are comments. */
GHashTable *deb822_next(const char **at, const char *end, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The value of a field (name in lower case), or NULL; owned by the table. */
const char *deb822_get(GHashTable *stanza, const char *name);

/* ---- relations: "a:any (>= 1.2) | b, c" (Policy 7.1) ---- */

typedef struct deb_relation {
    char *name;
    char *op, *version; /* both NULL: any version */
} deb_relation;
void deb_relation_clear(deb_relation *relation);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(deb_relation, deb_relation_clear)

/* The next relation of a field (NULL: an empty one), with alternatives as if they were relations of
 * their own; *at moves behind it.  FALSE: there is none.  *relation is cleared first, so one serves
 * a whole loop, and the caller clears it only if the loop ends early. */
gboolean deb_relation_next(const char **at, deb_relation *relation);

/* Whether the relation allows a version (NULL: unknown). */
gboolean deb_relation_allows(const deb_relation *relation, const char *version);

/* ---- a package ---- */

typedef struct deb_package {
    char *name, *version, *arch; /* checked; arch may be "all" */
    char *filename;              /* below the mirror; checked: deb_path_is_safe */
    char sha256[65];
    guint64 size;
    gboolean base;   /* of the base set, or a dependency of it */
    gboolean wanted; /* by name */
    guint8 source;   /* of the Packages file it is from */
} deb_package;
void deb_package_free(deb_package *package);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(deb_package, deb_package_free)

/* Whether it gets apt's mark (apt-mark(8)): it was chosen only as a dependency. */
gboolean deb_package_is_automatic(const deb_package *package);

/* ---- what an archive declares (wiki.debian.org/DebianRepository/Format) ---- */

struct deb_index {
    char sha256[65];
    guint64 size;
};

typedef struct deb_release {
    char *suite, *codename; /* either may be NULL */
    gint64 date;            /* seconds since 1970; negative: none that can be read */
    gboolean by_hash;
    gboolean all_apart;  /* packages of architecture "all" are only in an index of their own */
    GHashTable *indices; /* path below dists/SUITE/ -> struct deb_index * */
} deb_release;
void deb_release_free(deb_release *release);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(deb_release, deb_release_free)

/* Reads the signed text of a Release file.  An error if it is malformed or of another suite, or if
 * its Valid-Until is before now (seconds since 1970).  A date in the future is no error: builders'
 * clocks are wrong more often than archives lie. */
deb_release *deb_release_parse(const char *text, gsize length, const char *suite, gint64 now,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- the packages of a suite ---- */

typedef struct deb_catalog deb_catalog;

/* A verified Packages file (plain, .gz or .xz); source: what the caller calls its archive. */
struct deb_listing {
    char *file;
    guint8 source;
};

/* The packages of all these files, or only those of one name (NULL: of all).  Packages of other
 * architectures than arch and "all" are left out; of several versions the newest counts.  Of a file
 * of 50 MB, some 20 MB are kept. */
deb_catalog *deb_catalog_read(const struct deb_listing *listings, gsize n, const char *arch,
                              const char *only, GCancellable *cancel,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same out of a text, which is not needed afterwards. */
deb_catalog *deb_catalog_new(const char *text, gsize length, const char *arch,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
void deb_catalog_free(deb_catalog *catalog);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(deb_catalog, deb_catalog_free)

gboolean deb_catalog_has(const deb_catalog *catalog, const char *name);

/* One package by its name alone; the caller owns it.  The hint of an error suggests a similar name.
 * */
deb_package *deb_choose(const deb_catalog *catalog, const char *name,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The packages that contain a kernel and its modules, of deb_package *: name itself, or, if it is a
 * metapackage, the linux-image- that it depends on. */
GPtrArray *deb_choose_kernel(const deb_catalog *catalog, const char *name,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Which packages a system needs: first a base, as debootstrap(8) computes it, then names as apt(8)
 * installs them by default, with their recommendations.  It is not a solver: of alternatives it
 * takes the one that is already chosen, else the first that is possible; it takes a choice back
 * only for a recommended package that proves impossible.  The suite is consistent, and dpkg judges
 * the result in the guest.  Lists end with NULL, and may be NULL themselves: empty. */
struct deb_need {
    gboolean base;               /* all that is Essential, required or important */
    const char *const *plain;    /* names of the base set, too */
    const char *const *packages; /* names whose Recommends are followed */
    const char *const *excluded; /* names that are never taken */
};

/* Of deb_package *, sorted by name, owned by the caller.  Errors name the package, what needs it,
 * and what prevents it. */
GPtrArray *deb_closure(const deb_catalog *catalog, const struct deb_need *need,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- a binary package (deb(5)), read once from front to back; safe in any thread ---- */

/* A file of control.tar. */
struct deb_member {
    char *name; /* "control", "postinst", … */
    char *data; /* followed by a NUL */
    gsize size;
    gint64 mtime;
};

/* The member of that name, or NULL; owned by the array (of struct deb_member *). */
const struct deb_member *deb_member_find(const GPtrArray *members, const char *name);

typedef struct deb_file deb_file;

/* Reads up to data.tar.  name: its name in messages; NULL: the last part of the path.  *members
 * (NULL: not wanted) is set to the control files, including "control"; the caller owns both. */
deb_file *deb_open(const char *path, const char *name, GPtrArray **members,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
void deb_free(deb_file *deb);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(deb_file, deb_free)

/* The next bytes of data.tar, decompressed, valid until the next call.  0: its end, -1: *error is
 * set. */
gssize deb_data(deb_file *deb, const void **block, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- dpkg's database ---- */

/* What it records about a package; unchecked. */
struct deb_installed {
    char *name, *version, *arch;
};
void deb_installed_clear(struct deb_installed *installed);

/* The next package of a status text (dpkg-query(1), "Status": want, flag, status) whose status is
 * "installed"; *at moves behind it.  FALSE: there is none.  Malformed lines are skipped: the image
 * may be untrusted.  *installed is cleared first, and by the caller when it stops. */
gboolean deb_status_next(const char **at, const char *end, struct deb_installed *installed);

/* ---- where the host's own packages come from ---- */

/* The Debian archive that the host's own apt uses, or that of its security updates, read from its
 * sources (one-line and deb822); NULL when there is none.  etc_apt: NULL for /etc/apt.  The caller
 * owns the URL. */
char *deb_host_mirror(const char *etc_apt, gboolean security);
