/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/cached.h"

#include <gio/gio.h>

/* Systems kept under a key: CACHE/stages/KIND/KEY/ with a disk or a layer and result.json, and
 * KEY.lock beside it, which is held by the build that makes or uses it, and while it is removed.
 * Private to the room, and to the user: directories are 0700, files 0600. */

/* What is kept, and in which file.  What is installed stands on a base system. */
struct kept_kind {
    const char *name, *file;
};
extern const struct kept_kind kept_base_disk, kept_install_disk, kept_base_layer,
    kept_install_layer;

typedef struct kept kept;

/* Holds the disk of that key, or the place for it; waits while another build does.  Clears away
 * what a dead build has left of it.  Released by kept_free. */
kept *kept_hold(const char *cache_dir, const struct kept_kind *kind, const char *key,
                GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void kept_free(kept *k); /* NULL: nothing */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(kept, kept_free)

const char *kept_file(const kept *k);                    /* its path, whether it is there or not */
char *kept_file_beside(const kept *k, const char *name); /* owned by the caller */

/* The phases (timeline_phases_new, owned by the caller) of a complete disk that is at most
 * max_age seconds old, and its age; NULL if there is none.  A disk counts if its files have the
 * sizes that its result.json records; *why (owned by the caller) names the one that has not, else
 * NULL. */
GPtrArray *kept_load(const kept *k, guint max_age, gint64 *age, char **why);

/* Whether kept_load would take a disk of that key (NULL: of any) now.  Holds nothing, so that it
 * may be gone a moment later. */
gboolean kept_is_there(const char *cache_dir, const struct kept_kind *kind, const char *key,
                       guint max_age);

/* Makes the disk or layer at that path, which does not exist yet, and adds its phases. */
typedef gboolean (*kept_make_fn)(const char *file, GPtrArray *phases, gpointer user,
                                 GError **error);

/* Makes the disk again; at any moment the key has the old one, or the complete new one (synced),
 * or will be repaired by the next kept_hold; on failure nothing of the new one stays.  The phases
 * are the caller's, NULL on failure. */
GPtrArray *kept_make(const kept *k, kept_make_fn make, gpointer user,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes the disks of every kind that are older than max_age seconds and that no build holds, and
 * what dead builds have left; returns the number of disks and, in *bytes (may be NULL), the size of
 * all. */
guint kept_prune(const char *cache_dir, guint max_age, guint64 *bytes);

/* Adds the disks to a list of cached *.  A base system is removed after what was installed on
 * it. */
void kept_list_cached(const char *cache_dir, GPtrArray *list);
