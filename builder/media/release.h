/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* What a Debian archive says of itself: the Release file of a suite and its Packages files
 * (wiki.debian.org/DebianRepository/Format).  Both are read only after they are verified. */

struct media_index {
    char sha256[65];
    guint64 size;
};

typedef struct media_release {
    char *suite, *codename; /* either may be NULL */
    gint64 date;            /* seconds since 1970; negative: it has none that can be read */
    gboolean by_hash;
    gboolean all_apart;  /* packages of architecture "all" are only in an index of their own */
    GHashTable *indices; /* path below dists/SUITE/ -> struct media_index * */
} media_release;
void media_release_free(media_release *release);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(media_release, media_release_free)

/* Reads the signed text of a Release file.  An error of INGOT_EXIT_MEDIA when it is not of that
 * form, is of another suite, or its Valid-Until is before now (seconds since 1970, media/clock.h).
 * A date that lies in the future is no error: clocks of builders are wrong more often than archives
 * lie. */
media_release *media_release_parse(const char *text, gsize length, const char *suite, gint64 now,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct media_package {
    char *version, *filename; /* filename: below the mirror; checked: relative, without ".." */
    char sha256[65];
    guint64 size;
} media_package;
void media_package_clear(media_package *package);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(media_package, media_package_clear)

/* Looks for the newest version of a package in a Packages file (plain, .gz or .xz), for this
 * architecture or "all".  TRUE with package->filename NULL: it is not there. */
gboolean media_packages_find(const char *file, const char *name, const char *arch,
                             GCancellable *cancel, media_package *package,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Appends the whole of a Packages file (plain, .gz or .xz) to text. */
gboolean media_packages_read(const char *file, GString *text, GCancellable *cancel,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether text is a relative path without empty, "." and ".." parts and control characters. */
gboolean media_path_is_safe(const char *text);
