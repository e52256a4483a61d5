/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/queue.h"

#include "base/write.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PIECE        (128u << 10) /* smaller than what malloc(3) maps and unmaps each time */
#define OVERFLOW_MAX ((guint64)512 << 20)

struct piece {
    gsize length;
    gint64 at; /* in the overflow file; -1: its bytes are here */
    char bytes[];
};

struct slot {
    rootfs_queue *queue;
    gsize number;
    gboolean begun; /* its head is there */
    gpointer head;
    gsize head_size;
    GQueue pieces;      /* of struct piece *, for the taker */
    struct piece *part; /* being filled; only the thread looks at it */
    GError *error;
    gboolean done;
};

struct rootfs_queue {
    const struct media_format *format;
    const char *const *paths;
    gsize n, at; /* at: the package at hand + 1 */
    gsize held, budget;
    struct slot *slots;
    struct piece *taken; /* what libarchive is looking at */
    GCancellable *cancel;
    GThreadPool *pool;
    gboolean stop;
    gboolean hungry;   /* the consumer waits for the package at hand */
    int overflow;      /* a file without a name; -1: none */
    guint64 overflown; /* bytes in it */
    guint away;        /* pieces of them that are not read yet */
    GMutex mutex;
    GCond changed;
};

/* ---- in the threads ---- */

/* The current package may always have one piece, so there is no deadlock: the threads begin the
 * packages in order. */
static gboolean queue_is_full(struct slot *s, gsize length)
{
    const rootfs_queue *q = s->queue;
    return q->held + length > q->budget &&
           !(q->at == s->number + 1 && g_queue_is_empty(&s->pieces));
}

/* Waits for space. */
static gboolean reserve(struct slot *s, gsize length)
{
    rootfs_queue *q = s->queue;
    while (!q->stop && queue_is_full(s, length))
        g_cond_wait(&q->changed, &q->mutex);
    if (!q->stop)
        q->held += length;
    return !q->stop;
}

/* Puts the part into the file; the mutex is held, but not while it is written. */
static gboolean overflow_part(struct slot *s)
{
    rootfs_queue *q = s->queue;
    guint64 at = q->overflown;
    q->overflown += s->part->length;
    q->away++;
    g_mutex_unlock(&q->mutex);
    gboolean good = write_all_at(q->overflow, s->part->bytes, s->part->length, at);
    g_mutex_lock(&q->mutex);
    if (!good) {
        q->away--;
        q->overflown = OVERFLOW_MAX; /* no more of it */
        return FALSE;
    }
    struct piece *p = g_malloc(sizeof *p);
    *p = (struct piece){s->part->length, (gint64)at};
    g_queue_push_tail(&s->pieces, p);
    s->part->length = 0;
    return TRUE;
}

/* Only if that gains something: else the consumer is the slower one. */
static gboolean may_overflow(const struct slot *s)
{
    const rootfs_queue *q = s->queue;
    return !q->stop && q->hungry && q->overflow >= 0 && q->at != s->number + 1 &&
           q->overflown + s->part->length <= OVERFLOW_MAX;
}

/* Waits until the part is in one place or the other; the mutex is held. */
static gboolean place_part(struct slot *s)
{
    rootfs_queue *q = s->queue;
    while (!q->stop && queue_is_full(s, s->part->length)) {
        if (!may_overflow(s))
            g_cond_wait(&q->changed, &q->mutex);
        else if (overflow_part(s))
            return TRUE;
    }
    if (!reserve(s, s->part->length))
        return FALSE;
    g_queue_push_tail(&s->pieces, g_steal_pointer(&s->part));
    return TRUE;
}

static gboolean hand_over(struct slot *s)
{
    rootfs_queue *q = s->queue;
    if (!s->part || !s->part->length)
        return TRUE;
    g_mutex_lock(&q->mutex);
    gboolean good = place_part(s);
    g_cond_broadcast(&q->changed);
    g_mutex_unlock(&q->mutex);
    return good;
}

static gboolean take_head(struct slot *s, gpointer head)
{
    rootfs_queue *q = s->queue;
    gsize size = head ? q->format->head_size(head) : 0;
    g_mutex_lock(&q->mutex);
    gboolean good = reserve(s, size);
    s->begun = TRUE;
    s->head = head;
    s->head_size = good ? size : 0;
    g_cond_broadcast(&q->changed);
    g_mutex_unlock(&q->mutex);
    return good;
}

static gboolean take_data(struct slot *s, const void *bytes, gsize length)
{
    while (length) {
        if (!s->part) {
            s->part = g_malloc(sizeof *s->part + PIECE);
            s->part->length = 0;
            s->part->at = -1;
        }
        gsize n = MIN(length, PIECE - s->part->length);
        memcpy(s->part->bytes + s->part->length, bytes, n);
        s->part->length += n;
        bytes = (const char *)bytes + n;
        length -= n;
        if (s->part->length == PIECE && !hand_over(s))
            return FALSE;
    }
    return TRUE;
}

/* Unpacks package after package, until there are no more or the queue is closed. */
static void queue_read(struct slot *s, GError **error)
{
    const void *block = NULL;
    gssize n = 0;
    gpointer head = NULL;
    const struct media_format *format = s->queue->format;
    gpointer opened = format->open(s->queue->paths[s->number], NULL, &head, error);
    if (!opened)
        return;
    gboolean good = take_head(s, head);
    while (good && (n = format->data(opened, &block, error)) > 0)
        good = take_data(s, block, (gsize)n);
    if (good && n == 0)
        (void)hand_over(s);
    format->close(opened);
}

static void queue_run(gpointer item, gpointer data)
{
    struct slot *s = item;
    rootfs_queue *q = data;
    GError *error = NULL;
    g_mutex_lock(&q->mutex);
    gboolean stop = q->stop;
    g_mutex_unlock(&q->mutex);
    if (!stop)
        queue_read(s, &error);
    g_clear_pointer(&s->part, g_free);
    g_mutex_lock(&q->mutex);
    s->error = error;
    s->done = TRUE;
    g_cond_broadcast(&q->changed);
    g_mutex_unlock(&q->mutex);
}

/* ---- in the thread of the caller ---- */

rootfs_queue *rootfs_queue_new(const struct media_format *format, const char *const *paths, gsize n,
                               guint threads, gsize budget)
{
    rootfs_queue *q = g_new0(rootfs_queue, 1);
    q->format = format;
    q->paths = paths;
    q->n = n;
    q->budget = budget;
    q->slots = g_new0(struct slot, n);
    q->overflow = -1;
    g_mutex_init(&q->mutex);
    g_cond_init(&q->changed);
    q->pool = g_thread_pool_new(queue_run, q, (gint)threads, FALSE, NULL);
    for (gsize i = 0; i < n; i++) {
        q->slots[i].queue = q;
        q->slots[i].number = i;
        g_thread_pool_push(q->pool, &q->slots[i], NULL);
    }
    return q;
}

void rootfs_queue_overflow(rootfs_queue *q, const char *directory)
{
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    g_mutex_lock(&q->mutex);
    q->overflow = fd;
    g_cond_broadcast(&q->changed);
    g_mutex_unlock(&q->mutex);
}

/* The mutex is held or the threads are gone. */
static void forget_piece(rootfs_queue *q, const struct piece *p)
{
    if (p->at < 0)
        q->held -= p->length;
    else if (--q->away == 0 && q->overflown < OVERFLOW_MAX)
        q->overflown = 0;
}

/* Gives back what a slot holds; the mutex is held or the threads are gone. */
static void empty(struct slot *s)
{
    struct piece *p;
    while ((p = g_queue_pop_head(&s->pieces))) {
        forget_piece(s->queue, p);
        g_free(p);
    }
    s->queue->held -= s->head_size;
    s->head_size = 0;
    if (s->head)
        g_clear_pointer(&s->head, s->queue->format->head_free);
    g_clear_error(&s->error);
}

void rootfs_queue_free(rootfs_queue *q)
{
    if (!q)
        return;
    g_mutex_lock(&q->mutex);
    q->stop = TRUE;
    g_cond_broadcast(&q->changed);
    g_mutex_unlock(&q->mutex);
    g_thread_pool_free(q->pool, TRUE, TRUE);
    for (gsize i = 0; i < q->n; i++)
        empty(&q->slots[i]);
    g_free(q->slots);
    g_free(q->taken);
    if (q->overflow >= 0)
        close(q->overflow);
    g_mutex_clear(&q->mutex);
    g_cond_clear(&q->changed);
    g_free(q);
}

gboolean rootfs_queue_next(rootfs_queue *q, gconstpointer *head, GCancellable *cancel,
                           GError **error)
{
    g_return_val_if_fail(q->at < q->n, FALSE);
    if (g_cancellable_set_error_if_cancelled(cancel, error))
        return FALSE;
    q->cancel = cancel;
    g_clear_pointer(&q->taken, g_free);
    struct slot *s = &q->slots[q->at];
    g_mutex_lock(&q->mutex);
    if (q->at)
        empty(s - 1);
    q->at++;
    g_cond_broadcast(&q->changed);
    while (!s->begun && !s->done)
        g_cond_wait(&q->changed, &q->mutex);
    g_mutex_unlock(&q->mutex);
    if (!s->begun)
        g_propagate_error(error, g_steal_pointer(&s->error));
    *head = s->head;
    return s->begun;
}

const char *rootfs_queue_path(const rootfs_queue *q)
{
    return q->paths[q->at - 1];
}

/* Exchanges a piece for one with its bytes; NULL with errno: they cannot be read. */
static struct piece *overflow_read(rootfs_queue *q, struct piece *p)
{
    struct piece *whole = g_malloc(sizeof *whole + p->length);
    gsize done = 0;
    ssize_t n = 1;
    *whole = *p;
    while (done < p->length && (n > 0 || (n < 0 && errno == EINTR))) {
        n = pread(q->overflow, whole->bytes + done, p->length - done, (off_t)p->at + (off_t)done);
        done += n > 0 ? (gsize)n : 0;
    }
    g_mutex_lock(&q->mutex);
    forget_piece(q, p);
    g_mutex_unlock(&q->mutex);
    if (done < p->length)
        g_clear_pointer(&whole, g_free);
    g_free(p);
    return whole;
}

/* The next piece of the package at hand; NULL: there is none. */
static struct piece *take_piece(rootfs_queue *q, struct slot *s)
{
    g_mutex_lock(&q->mutex);
    while (g_queue_is_empty(&s->pieces) && !s->done) {
        q->hungry = TRUE;
        g_cond_broadcast(&q->changed);
        g_cond_wait(&q->changed, &q->mutex);
    }
    q->hungry = FALSE;
    struct piece *p = g_queue_pop_head(&s->pieces);
    if (p && p->at < 0) {
        forget_piece(q, p);
        g_cond_broadcast(&q->changed);
    }
    g_mutex_unlock(&q->mutex);
    return p;
}

static la_ssize_t queue_on_read(struct archive *a, void *data, const void **block)
{
    rootfs_queue *q = data;
    struct slot *s = &q->slots[q->at - 1];
    g_clear_pointer(&q->taken, g_free);
    if (g_cancellable_is_cancelled(q->cancel)) {
        archive_set_error(a, ECANCELED, "interrupted");
        return -1;
    }
    struct piece *p = take_piece(q, s);
    q->taken = p && p->at >= 0 ? overflow_read(q, p) : p;
    if (p && !q->taken) {
        archive_set_error(a, EIO, "what was put aside cannot be read again");
        return -1;
    }
    if (!q->taken && s->error)
        archive_set_error(a, EIO, "%s", s->error->message);
    *block = q->taken ? q->taken->bytes : NULL;
    return q->taken ? (la_ssize_t)q->taken->length : s->error ? -1 : 0;
}

static gboolean queue_fail(const rootfs_queue *q, struct archive *a, GError **error)
{
    struct slot *s = &q->slots[q->at - 1];
    if (g_cancellable_set_error_if_cancelled(q->cancel, error))
        return FALSE;
    /* The reader's own error says more than libarchive's view of it. */
    if (s->error) {
        g_propagate_error(error, g_steal_pointer(&s->error));
        return FALSE;
    }
    return media_package_refuse(rootfs_queue_path(q), archive_error_string(a), error);
}

struct archive *rootfs_queue_open(rootfs_queue *q, GError **error)
{
    struct archive *a = archive_read_new();
    q->format->archive(a);
    archive_read_set_read_callback(a, queue_on_read);
    archive_read_set_callback_data(a, q);
    if (archive_read_open1(a) == ARCHIVE_OK)
        return a;
    queue_fail(q, a, error);
    archive_read_free(a);
    return NULL;
}

gboolean rootfs_queue_finish(rootfs_queue *q, struct archive *a, int code, GError **error)
{
    const void *block;
    la_ssize_t n = 0;
    if (code == ARCHIVE_EOF)
        while ((n = queue_on_read(a, q, &block)) > 0)
            continue;
    return (code == ARCHIVE_EOF && n == 0) || queue_fail(q, a, error);
}
