/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/job.h"

#include "base/error.h"
#include "base/files.h"

#include <sys/stat.h>
#include <unistd.h>

void media_key_of(char key[DIGEST_HEX_LEN + 1], const char *kind, const char *const *values)
{
    g_autoptr(digest) d = digest_new();
    digest_field(d, "kind", kind);
    for (; *values; values++)
        digest_field(d, "value", *values);
    digest_finish(d, key);
}

gboolean media_may_fetch(const struct media_job *job, const char *url, const char *name,
                         GError **error)
{
    if (!job->context->offline || media_url_is_file(url))
        return TRUE;
    g_autofree char *shown = media_url_shown(url);
    ingot_set_error(error, INGOT_EXIT_MEDIA, "run it once without --offline to fetch it",
                    "%s is not in the cache, and offline it cannot be fetched from %s", name,
                    shown);
    return FALSE;
}

static gboolean download(struct media_job *job, const struct media_download *d, const char *part,
                         media_answer *answer, gboolean *absent, GError **error)
{
    gboolean good = media_download_run(d, &job->net, part, answer, error);
    if (absent)
        *absent = !good && answer->absent;
    return good;
}

/* Under the lock: another process may have fetched it while this one waited. */
static char *fetch_known(struct media_job *job, const struct media_download *d, gboolean *absent,
                         GError **error)
{
    g_auto(media_answer) answer = {0};
    g_autoptr(GError) local = NULL;
    char *found = media_cache_find(job->cache, d->sha256, job->net.cancel, &local);
    if (found)
        return found;
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return NULL;
    }
    g_autofree char *part = media_cache_part(job->cache, d->sha256);
    if (!download(job, d, part, &answer, absent, error))
        return NULL;
    return media_cache_land(job->cache, part, d->sha256, error);
}

char *media_obtain(struct media_job *job, const struct media_download *d, gboolean *absent,
                   GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autofree char *key = g_ascii_strdown(d->sha256, -1);
    struct media_download lower = *d;
    lower.sha256 = key;
    char *path = media_cache_find(job->cache, key, job->net.cancel, &local);
    if (path)
        return path;
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return NULL;
    }
    if (!media_may_fetch(job, d->url, d->name, error))
        return NULL;
    int lock = media_cache_lock(job->cache, key, job->net.cancel, error);
    if (lock < 0)
        return NULL;
    path = fetch_known(job, &lower, absent, error);
    files_unlock(lock);
    return path;
}

/* ---- names that may get new content ---- */

struct known {
    GKeyFile *note;
    char *path; /* in the cache; NULL: not there */
    char *sha256, *etag, *modified;
};

static void known_clear(struct known *k)
{
    if (k->note)
        g_key_file_unref(k->note);
    g_free(k->path);
    g_free(k->sha256);
    g_free(k->etag);
    g_free(k->modified);
}

static gboolean obtain_recall(struct media_job *job, const char *key, struct known *k,
                              GError **error)
{
    g_autoptr(GError) local = NULL;
    k->note = media_cache_note(job->cache, key);
    if (!k->note)
        return TRUE;
    k->sha256 = g_key_file_get_string(k->note, MEDIA_NOTE, "sha256", NULL);
    k->etag = g_key_file_get_string(k->note, MEDIA_NOTE, "etag", NULL);
    k->modified = g_key_file_get_string(k->note, MEDIA_NOTE, "modified", NULL);
    if (digest_is_hex(k->sha256))
        k->path = media_cache_find(job->cache, k->sha256, job->net.cancel, &local);
    if (!local)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

static gboolean obtain_remember(struct media_job *job, const char *key,
                                const struct media_download *d, const media_answer *answer,
                                GError **error)
{
    g_autoptr(GKeyFile) note = g_key_file_new();
    g_autofree char *shown = media_url_shown(d->url);
    g_key_file_set_string(note, MEDIA_NOTE, "origin", shown);
    g_key_file_set_string(note, MEDIA_NOTE, "sha256", answer->sha256);
    if (answer->etag)
        g_key_file_set_string(note, MEDIA_NOTE, "etag", answer->etag);
    if (answer->modified)
        g_key_file_set_string(note, MEDIA_NOTE, "modified", answer->modified);
    return media_cache_save_note(job->cache, key, note, error);
}

struct checked {
    const char *key;
    media_check_fn check;
    gpointer data;
    char *sha256; /* result */
};

static char *use_known(struct media_job *job, struct known *k, struct checked *c, GError **error)
{
    if (!c->check(job, k->path, c->data, error))
        return NULL;
    g_strlcpy(c->sha256, k->sha256, DIGEST_HEX_LEN + 1);
    return g_steal_pointer(&k->path);
}

static char *fetch_new(struct media_job *job, const struct media_download *d, struct known *k,
                       struct checked *c, GError **error)
{
    g_auto(media_answer) answer = {0};
    g_autofree char *part = media_cache_part(job->cache, c->key);
    struct media_download conditional = *d;
    conditional.etag = k->path ? k->etag : NULL;
    conditional.modified = k->path ? k->modified : NULL;
    if (!media_download_run(&conditional, &job->net, part, &answer, error))
        return NULL;
    if (answer.not_modified)
        return use_known(job, k, c, error);
    if (!c->check(job, part, c->data, error)) {
        (void)unlink(part);
        return NULL;
    }
    g_strlcpy(c->sha256, answer.sha256, DIGEST_HEX_LEN + 1);
    char *path = media_cache_land(job->cache, part, answer.sha256, error);
    if (path && !obtain_remember(job, c->key, d, &answer, error))
        g_clear_pointer(&path, g_free);
    return path;
}

static char *obtain_locked(struct media_job *job, const struct media_download *d, struct checked *c,
                           GError **error)
{
    struct known k = {0};
    char *path = NULL;
    if (obtain_recall(job, c->key, &k, error)) {
        if (job->context->offline && k.path)
            path = use_known(job, &k, c, error);
        else if (media_may_fetch(job, d->url, d->name, error))
            path = fetch_new(job, d, &k, c, error);
    }
    known_clear(&k);
    return path;
}

char *media_obtain_checked(struct media_job *job, const struct media_download *d,
                           media_check_fn check, gpointer data, char sha256[DIGEST_HEX_LEN + 1],
                           guint64 *size, GError **error)
{
    struct stat info;
    char key[DIGEST_HEX_LEN + 1];
    media_key(key, "url", d->url);
    struct checked c = {.key = key, .check = check, .data = data, .sha256 = sha256};
    int lock = media_cache_lock(job->cache, key, job->net.cancel, error);
    if (lock < 0)
        return NULL;
    char *path = obtain_locked(job, d, &c, error);
    files_unlock(lock);
    *size = path && stat(path, &info) == 0 ? (guint64)info.st_size : 0;
    return path;
}
