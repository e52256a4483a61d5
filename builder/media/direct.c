/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/job.h"

#include "base/error.h"
#include "base/files.h"
#include "media/verify.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* Media that are one file: at a URL, or on this machine. */

#define MEDIUM_MAX    (G_GUINT64_CONSTANT(16) << 30)
#define SIGNATURE_MAX (1u << 20)

/* ---- the detached signature ---- */

struct detached {
    char *path;
    char key[DIGEST_HEX_LEN + 1];    /* of its URL; "": it is a local file */
    char sha256[DIGEST_HEX_LEN + 1]; /* "": it is in the cache already */
};

static gboolean recall_signature(struct media_job *job, struct detached *s, GError **error)
{
    g_autoptr(GKeyFile) note = media_cache_note(job->cache, s->key);
    g_autofree char *sha256 = note ? g_key_file_get_string(note, MEDIA_NOTE, "sha256", NULL) : NULL;
    g_autoptr(GError) local = NULL;
    if (digest_is_hex(sha256))
        s->path = media_cache_find(job->cache, sha256, job->net.cancel, &local);
    if (local)
        g_propagate_error(error, g_steal_pointer(&local));
    else if (!s->path)
        return media_may_fetch(job, job->spec->signature, "the signature", error);
    return s->path != NULL;
}

static gboolean find_signature(struct media_job *job, struct detached *s, GError **error)
{
    const char *from = job->spec->signature;
    g_auto(media_answer) answer = {0};
    if (!strstr(from, "://")) {
        s->path = g_strdup(from);
        return TRUE;
    }
    media_key(s->key, "signature", from);
    if (job->context->offline && !media_url_is_file(from))
        return recall_signature(job, s, error);
    struct media_download d = {.url = from, .name = "the signature", .max_size = SIGNATURE_MAX};
    s->path = g_build_filename(job->work, "signature", NULL);
    if (!media_download_run(&d, &job->net, s->path, &answer, error))
        return FALSE;
    g_strlcpy(s->sha256, answer.sha256, sizeof s->sha256);
    return TRUE;
}

/* Kept for offline runs, once it has verified the medium. */
static gboolean keep_signature(struct media_job *job, struct detached *s, GError **error)
{
    if (!*s->sha256)
        return TRUE;
    g_autofree char *path = media_cache_land(job->cache, s->path, s->sha256, error);
    g_autoptr(GKeyFile) note = g_key_file_new();
    g_key_file_set_string(note, MEDIA_NOTE, "sha256", s->sha256);
    return path && media_cache_save_note(job->cache, s->key, note, error);
}

static gboolean check_signature(struct media_job *job, const char *file, gpointer data,
                                GError **error)
{
    const struct detached *s = data;
    const char *from = job->spec->kind == MEDIA_URL ? job->spec->url : job->spec->path;
    g_autofree char *name = media_url_shown(from);
    struct media_signature signature = {.keyring = job->spec->keyring,
                                        .file = file,
                                        .detached = s->path,
                                        .name = name,
                                        .work = job->work};
    progress_detail(job->net.progress, "verifying the signature of %s", name);
    return media_verify(&signature, job->net.cancel, NULL, NULL, error);
}

static gboolean direct_verify(struct media_job *job, const char *file, GError **error)
{
    struct detached s = {0};
    gboolean good = find_signature(job, &s, error) && check_signature(job, file, &s, error) &&
                    keep_signature(job, &s, error);
    g_free(s.path);
    return good;
}

/* ---- a URL ---- */

static char *name_of(const char *url)
{
    g_autofree char *shown = media_url_shown(url);
    g_autofree char *path = g_strndup(shown, strcspn(shown, "?"));
    return g_path_get_basename(path);
}

static char *obtain_signed(struct media_job *job, const struct media_download *d,
                           char sha256[DIGEST_HEX_LEN + 1], guint64 *size, GError **error)
{
    struct detached s = {0};
    char *path = NULL;
    if (find_signature(job, &s, error))
        path = media_obtain_checked(job, d, check_signature, &s, sha256, size, error);
    if (path && !keep_signature(job, &s, error))
        g_clear_pointer(&path, g_free);
    g_free(s.path);
    return path;
}

static char *obtain_known(struct media_job *job, const struct media_download *d,
                          char sha256[DIGEST_HEX_LEN + 1], guint64 *size, GError **error)
{
    struct stat info;
    char *path = media_obtain(job, d, NULL, error);
    if (path && job->spec->signature && !direct_verify(job, path, error))
        g_clear_pointer(&path, g_free);
    *size = path && stat(path, &info) == 0 ? (guint64)info.st_size : 0;
    g_autofree char *lower = g_ascii_strdown(d->sha256, -1);
    g_strlcpy(sha256, lower, DIGEST_HEX_LEN + 1);
    return path;
}

char *media_from_url(struct media_job *job, char sha256[DIGEST_HEX_LEN + 1], GError **error)
{
    const struct media_spec *spec = job->spec;
    guint64 size = 0;
    if (!spec->url || (!spec->sha256 && !spec->signature)) {
        g_autofree char *shown = spec->url ? media_url_shown(spec->url) : g_strdup("the URL");
        ingot_set_error(error, INGOT_EXIT_MEDIA,
                        "give the sha256: that its makers publish, or signature: and keyring:",
                        "%s has neither a digest nor a signature: what it serves cannot be trusted",
                        shown);
        return NULL;
    }
    g_autofree char *name = name_of(spec->url);
    struct media_download d = {
        .url = spec->url, .name = name, .sha256 = spec->sha256, .max_size = MEDIUM_MAX};
    char *path = spec->sha256 ? obtain_known(job, &d, sha256, &size, error)
                              : obtain_signed(job, &d, sha256, &size, error);
    if (path)
        media_job_input(job, name, spec->url, sha256, size);
    return path;
}

/* ---- a path ---- */

static gboolean check_digest(const struct media_job *job, const char *sha256, GError **error)
{
    if (!job->spec->sha256 || g_ascii_strcasecmp(job->spec->sha256, sha256) == 0)
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_MEDIA,
                    "copy the file again, or correct sha256: in the recipe",
                    "%s has the SHA-256 %s, not %s", job->spec->path, sha256, job->spec->sha256);
    return FALSE;
}

/* The digest of a file, remembered until its size, times or inode change. */
static gboolean digest_of(struct media_job *job, const char *path, const struct stat *info,
                          char sha256[DIGEST_HEX_LEN + 1], guint64 *size, GError **error)
{
    char key[DIGEST_HEX_LEN + 1];
    g_autofree char *state = media_cache_stamp(info);
    media_key(key, "file", path, state);
    g_autoptr(GKeyFile) note = media_cache_note(job->cache, key);
    g_autofree char *known = note ? g_key_file_get_string(note, MEDIA_NOTE, "sha256", NULL) : NULL;
    if (S_ISREG(info->st_mode) && digest_is_hex(known)) {
        g_strlcpy(sha256, known, DIGEST_HEX_LEN + 1);
        *size = (guint64)info->st_size;
        return TRUE;
    }
    progress_detail(job->net.progress, "computing the digest of %s", path);
    if (!digest_file(path, sha256, size, job->net.cancel, error))
        return FALSE;
    if (!S_ISREG(info->st_mode))
        return TRUE;
    g_autoptr(GKeyFile) fresh = g_key_file_new();
    g_key_file_set_string(fresh, MEDIA_NOTE, "sha256", sha256);
    return media_cache_save_note(job->cache, key, fresh, error);
}

static gboolean check_local(struct media_job *job, const char *path, const struct stat *info,
                            char sha256[DIGEST_HEX_LEN + 1], guint64 *size, GError **error)
{
    if (S_ISDIR(info->st_mode)) {
        if (!job->spec->sha256 && !job->spec->signature)
            return TRUE;
        ingot_set_error(error, INGOT_EXIT_MEDIA, "leave out sha256: and signature:",
                        "%s is a directory: it has no digest or signature of its own", path);
        return FALSE;
    }
    /* A drive is slow: it is read as a whole only if there is a digest to compare with. */
    if ((S_ISREG(info->st_mode) || job->spec->sha256) &&
        (!digest_of(job, path, info, sha256, size, error) || !check_digest(job, sha256, error)))
        return FALSE;
    return !job->spec->signature || direct_verify(job, path, error);
}

char *media_from_path(struct media_job *job, char sha256[DIGEST_HEX_LEN + 1], GError **error)
{
    struct stat info;
    guint64 size = 0;
    if (!job->spec->path || stat(job->spec->path, &info) != 0) {
        ingot_set_error(error, INGOT_EXIT_MEDIA, "check path: in the recipe",
                        "cannot read the medium %s: %s", job->spec->path ? job->spec->path : "",
                        g_strerror(job->spec->path ? errno : EINVAL));
        return NULL;
    }
    g_autofree char *path = g_canonicalize_filename(job->spec->path, NULL);
    if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode) && !S_ISBLK(info.st_mode)) {
        ingot_set_error(error, INGOT_EXIT_MEDIA, NULL,
                        "%s is neither a file, a directory nor a block device", path);
        return NULL;
    }
    if (!check_local(job, path, &info, sha256, &size, error))
        return NULL;
    if (*sha256) {
        g_autofree char *name = g_path_get_basename(path);
        media_job_input(job, name, path, sha256, size);
    }
    return g_steal_pointer(&path);
}
