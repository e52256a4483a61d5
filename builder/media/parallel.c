/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/job.h"

#include <curl/curl.h>

/* Most files of a set are small, and with a distant mirror the cost is the wait for each; so
 * several threads wait at once, each with one connection.  They start no program. */

#define WORKERS 4u

struct parallel {
    const struct media_job *job;
    struct media_wish *wishes;
    gsize n;
    const char *what;
    GCancellable *stop; /* after the job's own, and after the first error */
    GMutex mutex;       /* of what follows */
    gsize next;
    guint64 done, total; /* bytes */
    GError *error;
};

static struct media_wish *next_wish(struct parallel *c)
{
    struct media_wish *wish = NULL;
    g_mutex_lock(&c->mutex);
    if (c->next < c->n && !c->error)
        wish = &c->wishes[c->next++];
    g_mutex_unlock(&c->mutex);
    return wish;
}

/* Takes error, which may be NULL. */
static void end_wish(struct parallel *c, const struct media_wish *wish, GError *error)
{
    g_mutex_lock(&c->mutex);
    gboolean first = error && !c->error;
    if (first)
        c->error = g_steal_pointer(&error);
    c->done += wish->path ? wish->download.size : 0;
    progress_amount(c->job->net.progress, c->what, c->done, c->total);
    g_mutex_unlock(&c->mutex);
    if (first)
        g_cancellable_cancel(c->stop);
    g_clear_error(&error);
}

static gpointer parallel_work(gpointer data)
{
    struct parallel *c = data;
    struct media_job own = *c->job;
    struct media_wish *wish;
    own.net.cancel = c->stop;
    own.net.quiet = TRUE;
    own.net.connections = curl_multi_init();
    while ((wish = next_wish(c))) {
        GError *error = NULL;
        wish->path = media_obtain(&own, &wish->download, NULL, &error);
        end_wish(c, wish, error);
    }
    curl_multi_cleanup(own.net.connections);
    return NULL;
}

static void parallel_on_cancel(GCancellable *cancel, gpointer stop)
{
    (void)cancel;
    g_cancellable_cancel(stop);
}

static void parallel_run(struct parallel *c)
{
    GThread *threads[WORKERS];
    guint n = (guint)MIN(c->n, (gsize)WORKERS);
    GCancellable *cancel = c->job->net.cancel;
    gulong id =
        cancel ? g_cancellable_connect(cancel, G_CALLBACK(parallel_on_cancel), c->stop, NULL) : 0;
    for (guint i = 0; i < n; i++)
        threads[i] = g_thread_new("fetch", parallel_work, c);
    for (guint i = 0; i < n; i++)
        g_thread_join(threads[i]);
    g_cancellable_disconnect(cancel, id);
}

gboolean media_obtain_all(struct media_job *job, struct media_wish *wishes, gsize n,
                          const char *what, GError **error)
{
    struct parallel c = {.job = job, .wishes = wishes, .n = n, .what = what};
    g_mutex_init(&c.mutex);
    c.stop = g_cancellable_new();
    for (gsize i = 0; i < n; i++)
        c.total += wishes[i].download.size;
    parallel_run(&c);
    g_object_unref(c.stop);
    g_mutex_clear(&c.mutex);
    if (!c.error)
        return TRUE;
    g_propagate_error(error, c.error);
    return FALSE;
}
