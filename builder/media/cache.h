/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/progress.h"

#include <gio/gio.h>
#include <sys/stat.h>

/* What was fetched and proven, by its SHA-256:
 *
 *   <cache_dir>/media/sha256/ab/abcd...       the bytes, read-only
 *   <cache_dir>/media/sha256/ab/abcd....stat  what stat(2) said when the digest was last computed
 *   <cache_dir>/media/notes/KEY               what is known about a name ("this URL had that
 * digest") <cache_dir>/media/partial/KEY.part        downloads that are not complete
 *   <cache_dir>/media/locks/KEY               one lock per key
 *   <cache_dir>/media/tmp/                    work that is removed when it is done
 *   <cache_dir>/media/uses                    who uses what (media/uses.h)
 *
 * Nothing comes to sha256/ that was not verified.  A KEY is 64 hexadecimal digits: the digest of
 * the bytes where that is known, else the digest of what names them. */
typedef struct media_cache media_cache;

/* Makes the folders.  What is found in the cache or added to it stays there until this is freed.  p
 * (may be NULL) is borrowed; damaged entries are reported to it. */
media_cache *media_cache_open(const char *cache_dir, progress *p,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
void media_cache_free(media_cache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(media_cache, media_cache_free)

/* The path of an entry, owned by the caller.  NULL with *error unset: it is not there.  An entry
 * whose size, times or inode changed since it was last read is read again; when its digest is not
 * what its name says it is removed and counts as absent. */
char *media_cache_find(const media_cache *cache, const char *sha256, GCancellable *cancel,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Moves a file whose digest the caller has just computed into the cache (synced first, then
 * renamed); returns the path of the entry, owned by the caller. */
char *media_cache_land(const media_cache *cache, const char *file, const char *sha256,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Waits for the lock of a key; end it with files_unlock. */
int media_cache_lock(const media_cache *cache, const char *key, GCancellable *cancel,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What changes when a file changes: size, times, inode.  The caller owns the text. */
char *media_cache_stamp(const struct stat *info);

/* Where a download of that key is kept until it is complete; owned by the caller. */
char *media_cache_part(const media_cache *cache, const char *key);

/* A private directory on the cache's file system; the caller removes it with files_remove_tree and
 * releases *lock with files_unlock.  Those of dead processes are removed. */
char *media_cache_temp_dir(const media_cache *cache, int *lock,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The note of a key, or NULL when there is none that can be read; owned by the caller. */
char *media_cache_note_path(const media_cache *cache, const char *key);
GKeyFile *media_cache_note(const media_cache *cache, const char *key);
gboolean media_cache_save_note(const media_cache *cache, const char *key, GKeyFile *note,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
