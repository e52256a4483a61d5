/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/stream.h"

#include "base/pipe.h"
#include "image/backend.h"

#include <fcntl.h>
#include <unistd.h>

struct job {
    guest *g;
    int fd;
    stream_reader reader;
    gpointer data;
    GError *error;
};

/* A sender that has to be stopped waits for its reader until then: what is left is read. */
static gpointer run_reader(gpointer data)
{
    struct job *job = data;
    char rest[4096];
    void (*stop)(guest * g) = job->g->backend->stop;
    gboolean good = job->reader(job->fd, job->data, &job->error);
    if (!good && stop)
        stop(job->g);
    while ((good || stop) && read(job->fd, rest, sizeof rest) > 0)
        continue;
    close(job->fd);
    return GINT_TO_POINTER(good);
}

static gboolean stream_run(guest *g, const char *directory, char *const *excludes, gboolean names,
                           struct job *job, GError **error)
{
    int ends[2];
    g_autoptr(GError) local = NULL;
    if (!pipe_open(ends, error))
        return FALSE;
    job->fd = ends[0];
    GThread *thread = g_thread_new("stream", run_reader, job);
    gboolean sent = names ? g->backend->send_names(g, directory, ends[1], &local)
                          : g->backend->send_tar(g, directory, excludes, ends[1], &local);
    close(ends[1]);
    gboolean good = GPOINTER_TO_INT(g_thread_join(thread)) != 0;
    /* If the sender broke off, the end of the stream is what the reader complains of. */
    if (!sent && (good || !g_error_matches(local, G_IO_ERROR, G_IO_ERROR_CLOSED))) {
        g_clear_error(&job->error);
        g_propagate_error(error, g_steal_pointer(&local));
        return guest_fail(g, error, "read %s in the guest", directory);
    }
    if (!good)
        g_propagate_error(error, g_steal_pointer(&job->error));
    return good;
}

gboolean guest_stream_tar(guest *g, const char *directory, char *const *excludes,
                          stream_reader reader, gpointer data, GError **error)
{
    struct job job = {g, -1, reader, data, NULL};
    return stream_run(g, directory, excludes, FALSE, &job, error);
}

gboolean guest_stream_names(guest *g, const char *directory, stream_reader reader, gpointer data,
                            GError **error)
{
    struct job job = {g, -1, reader, data, NULL};
    return stream_run(g, directory, NULL, TRUE, &job, error);
}

gboolean guest_unpack(guest *g, int fd, const char *directory, GError **error)
{
    return g->backend->mkdirs(g, directory, error) &&
           g->backend->receive_tar(g, directory, fd, error);
}
