/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* What a suite has: its Packages files as a table of packages and of names that packages provide
 * (Debian Policy 5.3 and 7).  The text is 50 MB, so fields stay where they are in it. */

/* A part of a text; nothing is owned.  text NULL: there is none. */
struct media_slice {
    const char *text;
    gsize length;
};
gboolean media_slice_is(struct media_slice slice, const char *word);
/* The caller owns the copy; "" for a slice of nothing. */
char *media_slice_copy(struct media_slice slice);
/* Takes the part before the next separator off the front of rest, without the blanks around it.
 * FALSE: nothing is left. */
gboolean media_slice_next(struct media_slice *rest, char separator, struct media_slice *part);

/* The fields that matter here. */
enum media_field {
    MEDIA_FIELD_PACKAGE,
    MEDIA_FIELD_VERSION,
    MEDIA_FIELD_ARCHITECTURE,
    MEDIA_FIELD_PRE_DEPENDS,
    MEDIA_FIELD_DEPENDS,
    MEDIA_FIELD_RECOMMENDS,
    MEDIA_FIELD_CONFLICTS,
    MEDIA_FIELD_BREAKS,
    MEDIA_FIELD_PROVIDES,
    MEDIA_FIELD_PRIORITY,
    MEDIA_FIELD_ESSENTIAL,
    MEDIA_FIELD_FILENAME,
    MEDIA_FIELD_SIZE,
    MEDIA_FIELD_SHA256,
    MEDIA_FIELDS
};

typedef struct media_stanza {
    struct media_slice fields[MEDIA_FIELDS];
} media_stanza;

/* "name:arch (>= version)" */
typedef struct media_relation {
    char *name;
    char *op, *version; /* both NULL: any version */
} media_relation;
void media_relation_clear(media_relation *relation);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(media_relation, media_relation_clear)

/* The caller clears the result.  What cannot be read is a relation to the name "", which nothing
 * has. */
media_relation media_relation_parse(struct media_slice text);
/* Whether a version (NULL: none is known) is one that the relation allows. */
gboolean media_relation_allows(const media_relation *relation, const char *version);

typedef struct media_catalog media_catalog;

/* text: Packages files one after another (unpacked, verified), borrowed for the catalog's life.
 * Packages of other architectures than arch and "all" are left out; of several versions the newest
 * counts.  An error of INGOT_EXIT_MEDIA when a stanza is no such thing. */
media_catalog *media_catalog_new(const char *text, gsize length, const char *arch,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
void media_catalog_free(media_catalog *catalog);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(media_catalog, media_catalog_free)

/* The package of a name, or NULL. */
const media_stanza *media_catalog_find(const media_catalog *catalog, const char *name);

/* One of those who provide a name that need not be a package. */
struct media_provider {
    const media_stanza *stanza;
    char *version; /* NULL: not said */
};
/* Of struct media_provider *, the most important first, then by name; NULL: nobody does. */
const GPtrArray *media_catalog_providers(const media_catalog *catalog, const char *name);

/* All packages sorted by name, of const media_stanza *; the caller owns the array. */
GPtrArray *media_catalog_list(const media_catalog *catalog);

/* Sets *error: there is no such package; the hint has the name that may be meant. */
void media_catalog_fail(const media_catalog *catalog, const char *name, GError **error);
