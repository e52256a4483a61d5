/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/stream.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct job {
    guestfs_h *h;
    int fd;
    stream_reader reader;
    gpointer data;
    GError *error;
};

/* The sender waits for its reader, so what is left is read whatever happened. */
static gpointer run_reader(gpointer data)
{
    struct job *job = data;
    char rest[4096];
    gboolean good = job->reader(job->fd, job->data, &job->error);
    if (!good)
        guestfs_user_cancel(job->h);
    while (read(job->fd, rest, sizeof rest) > 0)
        continue;
    close(job->fd);
    return GINT_TO_POINTER(good);
}

typedef int (*sender)(guest *g, const char *directory, const char *path, char *const *excludes);

static int send_tar(guest *g, const char *directory, const char *path, char *const *excludes)
{
    char *const none[] = {NULL};
    return guestfs_tar_out_opts(g->h, directory, path, GUESTFS_TAR_OUT_OPTS_NUMERICOWNER, 1,
                                GUESTFS_TAR_OUT_OPTS_EXCLUDES, excludes ? excludes : none, -1);
}

static int send_find(guest *g, const char *directory, const char *path, char *const *excludes)
{
    (void)excludes;
    return guestfs_find0(g->h, directory, path);
}

static gboolean stream_run(guest *g, sender send, const char *directory, char *const *excludes,
                           struct job *job, GError **error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot make a pipe");
        return FALSE;
    }
    job->fd = ends[0];
    g_autofree char *path = g_strdup_printf("/dev/fd/%d", ends[1]);
    GThread *thread = g_thread_new("stream", run_reader, job);
    int sent = send(g, directory, path, excludes);
    close(ends[1]);
    gboolean good = GPOINTER_TO_INT(g_thread_join(thread)) != 0;
    /* When the appliance broke off, the end of the stream is what the reader complains of. */
    if (sent != 0 && (good || guestfs_last_errno(g->h) != EINTR)) {
        g_clear_error(&job->error);
        return guest_fail(g, error, "read %s in the guest", directory);
    }
    if (!good)
        g_propagate_error(error, g_steal_pointer(&job->error));
    return good;
}

gboolean stream_tar(guest *g, const char *directory, char *const *excludes, stream_reader reader,
                    gpointer data, GError **error)
{
    struct job job = {g->h, -1, reader, data, NULL};
    return stream_run(g, send_tar, directory, excludes, &job, error);
}

gboolean stream_find(guest *g, const char *directory, stream_reader reader, gpointer data,
                     GError **error)
{
    struct job job = {g->h, -1, reader, data, NULL};
    return stream_run(g, send_find, directory, NULL, &job, error);
}
