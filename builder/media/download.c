/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/download.h"

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "media/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VALIDATORS_MAX  8192u
#define RETRY_AFTER_MAX 60u
#define NEWS_BYTES      65536u /* a try that brings this many new bytes is a success */

const struct media_limits media_limits_default = {
    .attempts = 5,
    .backoff_ms = 1000,
    .backoff_max_ms = 30000,
    .connect_ms = 30000,
    .stall_s = 30,
    .stall_rate = 128,
};

void media_answer_clear(media_answer *answer)
{
    g_clear_pointer(&answer->etag, g_free);
    g_clear_pointer(&answer->modified, g_free);
}

/* ---- the partial file and its validators ---- */

static char *validators_path(const char *part)
{
    return g_strconcat(part, ".from", NULL);
}

static void download_forget(const char *part)
{
    g_autofree char *file = validators_path(part);
    (void)unlink(part);
    (void)unlink(file);
}

static void download_remember(const char *etag, const char *modified, gpointer part)
{
    g_autofree char *file = validators_path(part);
    g_autoptr(GKeyFile) note = g_key_file_new();
    (void)unlink(file);
    if (!etag && !modified)
        return;
    if (etag)
        g_key_file_set_string(note, "from", "etag", etag);
    if (modified)
        g_key_file_set_string(note, "from", "modified", modified);
    g_autofree char *text = g_key_file_to_data(note, NULL, NULL);
    g_autoptr(GError) error = NULL;
    if (!files_write_atomic(file, text, -1, 0644, &error))
        g_debug("%s", error->message);
}

static void download_recall(const char *part, char **etag, char **modified)
{
    gsize length = 0;
    g_autofree char *file = validators_path(part);
    g_autoptr(GKeyFile) note = g_key_file_new();
    g_autofree char *text = files_read(file, VALIDATORS_MAX, &length, NULL);
    if (!text || !g_key_file_load_from_data(note, text, length, G_KEY_FILE_NONE, NULL))
        return;
    *etag = g_key_file_get_string(note, "from", "etag", NULL);
    *modified = g_key_file_get_string(note, "from", "modified", NULL);
}

/* ---- tries ---- */

struct tries {
    const struct media_download *download;
    const struct media_net *net;
    const char *part;
    guint failed;     /* tries in a row that brought nothing new */
    guint64 farthest; /* the most bytes any try has had */
    struct media_try last;
};

static void last_clear(struct tries *t)
{
    g_free(t->last.etag);
    g_free(t->last.modified);
    t->last = (struct media_try){0};
}

static int open_part(const struct tries *t, guint64 *have, GError **error)
{
    struct stat info;
    int fd = open(t->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
        *have = (guint64)info.st_size;
        return fd;
    }
    ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot write %s: %s", t->part,
                    g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static enum media_verdict try_once(struct tries *t, GError **error)
{
    g_autofree char *etag = NULL, *modified = NULL;
    struct media_resume resume = {.on_validators = download_remember, .data = (gpointer)t->part};
    download_recall(t->part, &etag, &modified);
    resume.etag = etag;
    resume.modified = modified;
    resume.fd = open_part(t, &resume.have, error);
    if (resume.fd < 0)
        return MEDIA_HOPELESS;
    last_clear(t);
    enum media_verdict verdict = media_transfer(t->download, t->net, &resume, &t->last, error);
    close(resume.fd);
    return verdict;
}

/* Milliseconds: doubled from try to try, times a random factor of 0.5 to 1.5, so that many clients
 * do not come back together. */
static guint64 back_off(const struct tries *t)
{
    const struct media_limits *l = t->net->limits;
    guint64 wait = MIN((guint64)l->backoff_ms << MIN(t->failed ? t->failed - 1 : 0, 20u),
                       (guint64)l->backoff_max_ms);
    wait = (guint64)((double)wait * g_random_double_range(0.5, 1.5));
    return MAX(wait, (guint64)MIN(t->last.wait_seconds, RETRY_AFTER_MAX) * 1000);
}

/* FALSE: cancelled. */
static gboolean pause_for(guint64 wait, GCancellable *cancel, GError **error)
{
    gint64 end = g_get_monotonic_time() + (gint64)wait * 1000, left;
    GPollFD wakeup = {.fd = -1};
    guint n = g_cancellable_make_pollfd(cancel, &wakeup) ? 1 : 0;
    while ((left = end - g_get_monotonic_time()) > 0 && !g_cancellable_is_cancelled(cancel))
        (void)g_poll(&wakeup, n, (gint)(left / 1000 + 1));
    if (n)
        g_cancellable_release_fd(cancel);
    return !g_cancellable_set_error_if_cancelled(cancel, error);
}

static gboolean wait_before_next(const struct tries *t, const GError *why, GError **error)
{
    guint64 wait = back_off(t);
    g_autofree char *text = ingot_error_text(why);
    progress_warning(t->net->progress, "%s; trying again in %.1f s", text, (double)wait / 1000);
    return pause_for(wait, t->net->cancel, error);
}

/* A server that breaks off again and again, but later each time, is not down. */
static gboolean may_try_again(struct tries *t)
{
    if (t->last.have >= t->farthest + NEWS_BYTES) {
        t->farthest = t->last.have;
        t->failed = 0;
        return TRUE;
    }
    return ++t->failed < t->net->limits->attempts;
}

/* ---- the end of it ---- */

static gboolean download_wrong(const struct tries *t, GError **error, const char *format,
                               const char *is, const char *should)
{
    g_autofree char *url = media_url_shown(t->download->url);
    g_autofree char *what = g_strdup_printf("%s from %s", t->download->name, url);
    g_autoptr(GString) text = g_string_new(format);
    g_string_replace(text, "{what}", what, 1);
    g_string_replace(text, "{is}", is, 1);
    g_string_replace(text, "{should}", should, 1);
    ingot_set_error(error, INGOT_EXIT_MEDIA,
                    "the file was changed, or the mirror is being updated: try again later, "
                    "or use another mirror",
                    "%s", text->str);
    return FALSE;
}

static gboolean examine(const struct tries *t, media_answer *answer, GError **error)
{
    if (!digest_file(t->part, answer->sha256, &answer->size, t->net->cancel, error))
        return FALSE;
    if (t->download->size && answer->size != t->download->size) {
        g_autofree char *is = g_strdup_printf("%" G_GUINT64_FORMAT, answer->size);
        g_autofree char *should = g_strdup_printf("%" G_GUINT64_FORMAT, t->download->size);
        return download_wrong(t, error, "{what} has {is} bytes, not {should}", is, should);
    }
    if (t->download->sha256 && g_ascii_strcasecmp(answer->sha256, t->download->sha256) != 0)
        return download_wrong(t, error, "{what} has the SHA-256 {is}, not {should}", answer->sha256,
                              t->download->sha256);
    return TRUE;
}

/* Bytes of an earlier run may belong to an older file: then all of it is fetched once more. */
static enum media_verdict conclude(struct tries *t, media_answer *answer, GError **error)
{
    answer->not_modified = t->last.not_modified;
    if (answer->not_modified) {
        download_forget(t->part);
        return MEDIA_DONE;
    }
    if (!examine(t, answer, error))
        return t->last.resumed && !g_cancellable_is_cancelled(t->net->cancel) ? MEDIA_AFRESH
                                                                              : MEDIA_HOPELESS;
    answer->etag = g_steal_pointer(&t->last.etag);
    answer->modified = g_steal_pointer(&t->last.modified);
    g_autofree char *file = validators_path(t->part);
    (void)unlink(file);
    return MEDIA_DONE;
}

/* A run that died between the last byte and the cache has left the complete file. */
static gboolean complete_already(const struct tries *t, media_answer *answer)
{
    struct stat info;
    guint64 size = t->download->size;
    if (!t->download->sha256 || !size || lstat(t->part, &info) != 0 ||
        (S_ISREG(info.st_mode) && (guint64)info.st_size < size))
        return FALSE;
    if (S_ISREG(info.st_mode) && (guint64)info.st_size == size && examine(t, answer, NULL))
        return TRUE;
    if (!g_cancellable_is_cancelled(t->net->cancel))
        download_forget(t->part);
    return FALSE;
}

static gboolean try_until(struct tries *t, media_answer *answer, GError **error)
{
    for (;;) {
        g_autoptr(GError) why = NULL;
        enum media_verdict verdict = try_once(t, &why);
        gboolean whole = verdict == MEDIA_DONE;
        if (whole)
            verdict = conclude(t, answer, &why);
        if (verdict == MEDIA_DONE)
            return TRUE;
        gboolean cancelled = g_cancellable_is_cancelled(t->net->cancel);
        if (verdict == MEDIA_AFRESH || (verdict == MEDIA_HOPELESS && !cancelled))
            download_forget(t->part);
        if (verdict == MEDIA_HOPELESS || !may_try_again(t)) {
            answer->absent = t->last.absent;
            g_propagate_error(error, g_steal_pointer(&why));
            return FALSE;
        }
        if (!wait_before_next(t, why, error))
            return FALSE;
    }
}

gboolean media_download_run(const struct media_download *download, const struct media_net *net,
                            const char *part, media_answer *answer, GError **error)
{
    struct tries t = {.download = download, .net = net, .part = part};
    if (g_cancellable_set_error_if_cancelled(net->cancel, error))
        return FALSE;
    /* "Not modified" refers to the caller's copy, not to what is left of an earlier try. */
    if (download->etag || download->modified)
        download_forget(part);
    if (complete_already(&t, answer))
        return TRUE;
    gboolean good = try_until(&t, answer, error);
    last_clear(&t);
    return good;
}
