/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/cache.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/files.h"
#include "media/uses.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAMP_MAX 256u
#define NOTE_MAX  (4u << 20)

struct media_cache {
    char *root;
    int uses;
    progress *progress;
};

media_cache *media_cache_open(const char *cache_dir, progress *p, GError **error)
{
    static const char *const folders[] = {"sha256", "notes", "partial", "locks", "tmp"};
    g_autoptr(media_cache) cache = g_new0(media_cache, 1);
    g_autofree char *full = g_canonicalize_filename(cache_dir, NULL);
    cache->root = g_build_filename(full, "media", NULL);
    cache->progress = p;
    cache->uses = -1;
    for (gsize i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *folder = g_build_filename(cache->root, folders[i], NULL);
        if (!files_mkdir(folder, FALSE, error))
            return NULL;
    }
    cache->uses = uses_open(cache->root, error);
    if (cache->uses < 0 || !uses_enter(cache->uses, error))
        return NULL;
    return g_steal_pointer(&cache);
}

void media_cache_free(media_cache *cache)
{
    if (!cache)
        return;
    files_unlock(cache->uses);
    g_free(cache->root);
    g_free(cache);
}

static char *entry_path(const media_cache *cache, const char *sha256)
{
    g_autofree char *lower = g_ascii_strdown(sha256, -1);
    const char folder[] = {lower[0], lower[1], '\0'};
    return g_build_filename(cache->root, "sha256", folder, lower, NULL);
}

/* It includes the change time, which, unlike the other times, no program can set back. */
char *media_cache_stamp(const struct stat *info)
{
    return g_strdup_printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT ".%09ld %" G_GINT64_FORMAT
                           ".%09ld %" G_GUINT64_FORMAT "\n",
                           (gint64)info->st_size, (gint64)info->st_mtim.tv_sec,
                           info->st_mtim.tv_nsec, (gint64)info->st_ctim.tv_sec,
                           info->st_ctim.tv_nsec, (guint64)info->st_ino);
}

static gboolean stamp_fits(const char *path, const struct stat *info)
{
    g_autofree char *file = g_strconcat(path, ".stat", NULL);
    g_autofree char *recorded = files_read(file, STAMP_MAX, NULL, NULL);
    g_autofree char *now = media_cache_stamp(info);
    return g_strcmp0(recorded, now) == 0;
}

/* A stamp that cannot be written costs time later and is no failure now; one that a power cut
 * damaged matches nothing, so it need not be synced. */
static void stamp(const media_cache *cache, const char *path)
{
    struct stat info;
    g_autoptr(GError) error = NULL;
    g_autofree char *file = g_strconcat(path, ".stat", NULL);
    if (lstat(path, &info) != 0)
        return;
    g_autofree char *text = media_cache_stamp(&info);
    if (!g_file_set_contents_full(file, text, -1, G_FILE_SET_CONTENTS_NONE, 0644, &error))
        progress_detail(cache->progress, "%s", error->message);
}

/* When it was last used, for pruning.  The entry's own times are part of the stamp. */
static void touch_stamp(const char *path)
{
    g_autofree char *file = g_strconcat(path, ".stat", NULL);
    (void)utimensat(AT_FDCWD, file, NULL, AT_SYMLINK_NOFOLLOW);
}

static void cache_drop(const media_cache *cache, const char *path, const char *why)
{
    g_autofree char *file = g_strconcat(path, ".stat", NULL);
    progress_warning(cache->progress, "the cache entry %s %s; it is removed", path, why);
    (void)unlink(file);
    if (unlink(path) != 0)
        progress_warning(cache->progress, "cannot remove %s: %s", path, g_strerror(errno));
}

static gboolean still_right(const media_cache *cache, const char *path, const char *sha256,
                            GCancellable *cancel, GError **error)
{
    char hex[DIGEST_HEX_LEN + 1];
    if (!digest_file(path, hex, NULL, cancel, error))
        return FALSE;
    if (g_ascii_strcasecmp(hex, sha256) == 0) {
        stamp(cache, path);
        return TRUE;
    }
    cache_drop(cache, path, "no longer has the digest that is its name");
    return FALSE;
}

char *media_cache_find(const media_cache *cache, const char *sha256, GCancellable *cancel,
                       GError **error)
{
    struct stat info;
    g_autofree char *path = entry_path(cache, sha256);
    /* Before the look: what is there then stays. */
    if (!uses_take(cache->uses, sha256, error))
        return NULL;
    if (lstat(path, &info) != 0)
        return NULL;
    if (!S_ISREG(info.st_mode)) {
        cache_drop(cache, path, "is not a regular file");
        return NULL;
    }
    gboolean fits = stamp_fits(path, &info);
    if (fits)
        touch_stamp(path);
    return fits || still_right(cache, path, sha256, cancel, error) ? g_steal_pointer(&path) : NULL;
}

static gboolean cache_settle(const char *file, GError **error)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    gboolean good = fd >= 0 && fchmod(fd, 0444) == 0;
    if (!good)
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot make %s read-only: %s", file,
                        g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return good;
}

char *media_cache_land(const media_cache *cache, const char *file, const char *sha256,
                       GError **error)
{
    g_autofree char *path = entry_path(cache, sha256);
    g_autofree char *folder = g_path_get_dirname(path);
    if (!uses_take(cache->uses, sha256, error) || !files_mkdir(folder, FALSE, error) ||
        !cache_settle(file, error) || !files_rename(file, path, error))
        return NULL;
    stamp(cache, path);
    return g_steal_pointer(&path);
}

int media_cache_lock(const media_cache *cache, const char *key, GCancellable *cancel,
                     GError **error)
{
    g_autofree char *path = g_build_filename(cache->root, "locks", key, NULL);
    return files_lock(path, cancel, error);
}

char *media_cache_part(const media_cache *cache, const char *key)
{
    g_autofree char *name = g_strconcat(key, ".part", NULL);
    return g_build_filename(cache->root, "partial", name, NULL);
}

char *media_cache_temp_dir(const media_cache *cache, int *lock, GError **error)
{
    g_autofree char *parent = g_build_filename(cache->root, "tmp", NULL);
    return files_live_dir(parent, "work", lock, error);
}

char *media_cache_note_path(const media_cache *cache, const char *key)
{
    return g_build_filename(cache->root, "notes", key, NULL);
}

GKeyFile *media_cache_note(const media_cache *cache, const char *key)
{
    gsize length = 0;
    g_autoptr(GKeyFile) note = g_key_file_new();
    g_autofree char *path = media_cache_note_path(cache, key);
    g_autofree char *text = files_read(path, NOTE_MAX, &length, NULL);
    if (!text)
        return NULL;
    (void)utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW); /* when it was last used */
    if (g_key_file_load_from_data(note, text, length, G_KEY_FILE_NONE, NULL))
        return g_steal_pointer(&note);
    progress_warning(cache->progress, "%s: the note is damaged and is not used", path);
    return NULL;
}

gboolean media_cache_save_note(const media_cache *cache, const char *key, GKeyFile *note,
                               GError **error)
{
    gsize length = 0;
    g_autofree char *path = media_cache_note_path(cache, key);
    g_autofree char *text = g_key_file_to_data(note, &length, NULL);
    return files_write_atomic(path, text, (gssize)length, 0600, error);
}
