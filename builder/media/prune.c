/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/digest.h"
#include "base/files.h"
#include "media/clock.h"
#include "media/media.h"
#include "media/uses.h"

#include <string.h>
#include <unistd.h>

/* What can be removed from media/ (media/cache.h): only regular files with the names that the cache
 * gives, in directories that are not links.  Anything else does not belong to the cache. */

#define PART     ".part"
#define STAMP    ".stat"
#define LEFT_AGE (7 * 24 * 3600) /* seconds; until then an unfinished download is resumed */

struct place {
    const char *cache_dir;
    const char *folder; /* that is looked at */
    GPtrArray *list;    /* of cached * */
};

/* For an entry KEY or KEYsuffix of a folder; rest is the suffix. */
typedef void (*visit_fn)(const struct place *p, const char *path, const char *key, const char *rest,
                         const struct stat *info);

static void visit_folder(const struct place *p, visit_fn visit)
{
    g_autoptr(GDir) dir = files_is_dir(p->folder) ? g_dir_open(p->folder, 0, NULL) : NULL;
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        struct stat info;
        g_autofree char *key = g_strndup(name, DIGEST_HEX_LEN);
        g_autofree char *path = g_build_filename(p->folder, name, NULL);
        if (digest_is_hex(key) && lstat(path, &info) == 0 && S_ISREG(info.st_mode))
            visit(p, path, key, name + DIGEST_HEX_LEN, &info);
    }
}

static char *media_dir(const char *cache_dir)
{
    return g_build_filename(cache_dir, "media", NULL);
}

static void visit_named(const struct place *p, const char *name, visit_fn visit)
{
    g_autofree char *folder = g_build_filename(p->cache_dir, "media", name, NULL);
    const struct place at = {.cache_dir = p->cache_dir, .folder = folder, .list = p->list};
    visit_folder(&at, visit);
}

/* The folders ab/ of sha256/. */
static void visit_blobs(const struct place *p, visit_fn visit)
{
    g_autofree char *parent = g_build_filename(p->cache_dir, "media", "sha256", NULL);
    g_autoptr(GDir) dir = files_is_dir(parent) ? g_dir_open(parent, 0, NULL) : NULL;
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *below = g_build_filename("sha256", name, NULL);
        if (strlen(name) == 2)
            visit_named(p, below, visit);
    }
}

/* ---- one of them ---- */

static guint64 blocks_of(const struct stat *info)
{
    return (guint64)info->st_blocks * 512;
}

/* When a file was last used: finding it touches its stamp (media_cache_find). */
static gint64 blob_used(const char *path, const struct stat *info)
{
    struct stat stamped;
    g_autofree char *file = g_strconcat(path, STAMP, NULL);
    return lstat(file, &stamped) == 0 ? cached_time(&stamped) : cached_time(info);
}

/* The stamp first: if killed in between, this leaves a file that is read again on its next use. */
static gboolean unlink_blob(const cached *c, guint64 *freed)
{
    struct stat info;
    g_autofree char *file = g_strconcat(c->path, STAMP, NULL);
    if (lstat(c->path, &info) != 0 || !S_ISREG(info.st_mode) || info.st_nlink > 1 ||
        blob_used(c->path, &info) > c->used)
        return FALSE;
    (void)unlink(file);
    if (unlink(c->path) != 0)
        return FALSE;
    *freed += blocks_of(&info);
    return TRUE;
}

static gboolean remove_blob(const cached *c, guint64 *freed)
{
    g_autofree char *media = media_dir(c->cache_dir);
    g_autofree char *key = g_path_get_basename(c->path);
    int fd = uses_open(media, NULL);
    gboolean gone = fd >= 0 && uses_claim(fd, key) && unlink_blob(c, freed);
    files_unlock(fd);
    return gone;
}

static gboolean unlink_file(const char *path, guint64 *freed)
{
    struct stat info;
    if (lstat(path, &info) != 0 || !S_ISREG(info.st_mode) || unlink(path) != 0)
        return FALSE;
    *freed += info.st_nlink > 1 ? 0 : blocks_of(&info);
    return TRUE;
}

/* A note is read as a whole, and a missing one is fetched again: removing one loses nothing. */
static gboolean remove_note(const cached *c, guint64 *freed)
{
    return unlink_file(c->path, freed);
}

/* Whoever downloads holds the lock of its key. */
static gboolean remove_part(const cached *c, guint64 *freed)
{
    guint64 more = 0;
    g_autofree char *name = g_path_get_basename(c->path);
    g_autofree char *key = g_strndup(name, DIGEST_HEX_LEN);
    g_autofree char *lock_path = g_build_filename(c->cache_dir, "media", "locks", key, NULL);
    g_autofree char *from = g_strconcat(c->path, ".from", NULL);
    int lock = files_try_lock(lock_path);
    gboolean gone = lock >= 0 && unlink_file(c->path, freed);
    if (gone && unlink_file(from, &more))
        *freed += more;
    files_unlock_remove(lock, lock_path);
    return gone;
}

/* ---- candidates, by age or to free space ---- */

static void list_file(const struct place *p, const char *path, gint64 used,
                      gboolean (*gone)(const cached *c, guint64 *freed))
{
    const cached c = {
        .cache_dir = p->cache_dir, .path = g_strdup(path), .used = used, .remove = gone};
    cached_add(p->list, &c);
}

static void list_blob(const struct place *p, const char *path, const char *key, const char *rest,
                      const struct stat *info)
{
    (void)key;
    if (!*rest)
        list_file(p, path, blob_used(path, info), remove_blob);
}

/* The date of the newest Release file cannot be had again. */
static void list_note(const struct place *p, const char *path, const char *key, const char *rest,
                      const struct stat *info)
{
    char clock[DIGEST_HEX_LEN + 1];
    media_clock_key(clock);
    if (!*rest && strcmp(key, clock) != 0)
        list_file(p, path, cached_time(info), remove_note);
}

static void list_part(const struct place *p, const char *path, const char *key, const char *rest,
                      const struct stat *info)
{
    (void)key;
    if (strcmp(rest, PART) == 0)
        list_file(p, path, cached_time(info), remove_part);
}

void media_list_cached(const char *cache_dir, GPtrArray *list)
{
    const struct place p = {.cache_dir = cache_dir, .list = list};
    g_autofree char *media = media_dir(cache_dir);
    if (!files_is_dir(media))
        return;
    visit_blobs(&p, list_blob);
    visit_named(&p, "notes", list_note);
    visit_named(&p, "partial", list_part);
}

/* ---- what dead processes left ---- */

static gboolean is_left(const struct stat *info)
{
    return g_get_real_time() - cached_time(info) > (gint64)LEFT_AGE * G_USEC_PER_SEC;
}

/* The unfinished file of a write beside its place, and a stamp whose file is gone. */
static void clear_beside(const struct place *p, const char *path, const char *key, const char *rest,
                         const struct stat *info)
{
    g_autofree char *whole = g_build_filename(p->folder, key, NULL);
    gboolean orphan = strcmp(rest, STAMP) == 0 && access(whole, F_OK) != 0;
    if (is_left(info) && (orphan || (*rest == '.' && strlen(rest) == strlen(".XXXXXX"))))
        (void)unlink(path);
}

static void clear_part(const struct place *p, const char *path, const char *key, const char *rest,
                       const struct stat *info)
{
    (void)p;
    (void)key;
    if (is_left(info) && g_str_has_prefix(rest, PART))
        (void)unlink(path);
}

static void clear_lock(const struct place *p, const char *path, const char *key, const char *rest,
                       const struct stat *info)
{
    (void)p;
    (void)key;
    (void)info;
    if (!*rest)
        files_unlock_remove(files_try_lock(path), path);
}

/* Earlier versions had no locks in their directories. */
static void clear_unlocked_work(const char *parent)
{
    g_autoptr(GDir) dir = files_is_dir(parent) ? g_dir_open(parent, 0, NULL) : NULL;
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        struct stat info;
        g_autofree char *path = g_build_filename(parent, name, NULL);
        g_autofree char *lock = g_build_filename(path, "lock", NULL);
        if (files_is_temp_dir(path, "work") && access(lock, F_OK) != 0 && lstat(path, &info) == 0 &&
            is_left(&info))
            files_remove_tree(path);
    }
}

void media_clear_dead(const char *cache_dir)
{
    const struct place p = {.cache_dir = cache_dir};
    g_autofree char *media = media_dir(cache_dir);
    g_autofree char *work = g_build_filename(media, "tmp", NULL);
    if (!files_is_dir(media))
        return;
    if (files_is_dir(work))
        files_clear_dead(work);
    int fd = uses_open(media, NULL);
    if (fd >= 0 && uses_claim_all(fd)) {
        clear_unlocked_work(work);
        visit_blobs(&p, clear_beside);
        visit_named(&p, "notes", clear_beside);
        visit_named(&p, "partial", clear_part);
        visit_named(&p, "locks", clear_lock);
    }
    files_unlock(fd);
}
