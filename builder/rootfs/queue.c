/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/queue.h"

#include <string.h>

#define PIECE (512u << 10)

struct piece {
    gsize length;
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
    GMutex mutex;
    GCond changed;
};

/* ---- in the threads ---- */

/* Waits for space.  The current package may always have one piece, so there is no deadlock: the
 * threads begin the packages in order. */
static gboolean reserve(struct slot *s, gsize length)
{
    rootfs_queue *q = s->queue;
    while (!q->stop && q->held + length > q->budget &&
           !(q->at == s->number + 1 && g_queue_is_empty(&s->pieces)))
        g_cond_wait(&q->changed, &q->mutex);
    if (!q->stop)
        q->held += length;
    return !q->stop;
}

static gboolean hand_over(struct slot *s)
{
    rootfs_queue *q = s->queue;
    if (!s->part)
        return TRUE;
    g_mutex_lock(&q->mutex);
    gboolean good = reserve(s, s->part->length);
    if (good) {
        g_queue_push_tail(&s->pieces, g_steal_pointer(&s->part));
        g_cond_broadcast(&q->changed);
    }
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

/* Gives back what a slot holds; the mutex is held or the threads are gone. */
static void empty(struct slot *s)
{
    struct piece *p;
    while ((p = g_queue_pop_head(&s->pieces))) {
        s->queue->held -= p->length;
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

static la_ssize_t queue_on_read(struct archive *a, void *data, const void **block)
{
    rootfs_queue *q = data;
    struct slot *s = &q->slots[q->at - 1];
    g_clear_pointer(&q->taken, g_free);
    if (g_cancellable_is_cancelled(q->cancel)) {
        archive_set_error(a, ECANCELED, "interrupted");
        return -1;
    }
    g_mutex_lock(&q->mutex);
    while (g_queue_is_empty(&s->pieces) && !s->done)
        g_cond_wait(&q->changed, &q->mutex);
    q->taken = g_queue_pop_head(&s->pieces);
    if (q->taken)
        q->held -= q->taken->length;
    g_cond_broadcast(&q->changed);
    g_mutex_unlock(&q->mutex);
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
