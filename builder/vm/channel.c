/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/channel.h"

#include "base/error.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 16
#define CHUNK   16384

static int listen_fail(int fd, const char *path, GError **error)
{
    ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot listen on the socket %s: %s", path,
                    g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

int channel_listen(const char *dir, const char *name, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_autofree char *path = g_build_filename(dir, name, NULL);
    if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path) {
        ingot_set_error(error, INGOT_EXIT_HOST,
                        "set XDG_RUNTIME_DIR to a directory with a short name",
                        "the socket name %s is too long: the system allows %zu bytes", path,
                        sizeof address.sun_path - 1);
        return -1;
    }
    (void)unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        chmod(path, 0600) != 0 || listen(fd, BACKLOG) != 0)
        return listen_fail(fd, path, error);
    return fd;
}

struct stream {
    int fd;
    struct stream_calls calls;
    GByteArray *pending;
    GSource *in, *out;
};

void channel_drop_source(GSource **source)
{
    if (!*source)
        return;
    g_source_destroy(*source);
    g_source_unref(*source);
    *source = NULL;
}

static GSource *channel_watch(int fd, GIOCondition condition, GUnixFDSourceFunc call, gpointer data)
{
    GSource *source = g_unix_fd_source_new(fd, condition);
    /* The two function types differ; GLib casts back by what the source is. */
    g_source_set_callback(source, (GSourceFunc)(void (*)(void))call, data, NULL);
    g_source_attach(source, g_main_context_get_thread_default());
    return source;
}

/* 1: something was read, 0: nothing there, -1: the other side is gone. */
static int read_once(stream *s)
{
    char chunk[CHUNK];
    ssize_t n = read(s->fd, chunk, sizeof chunk);
    if (n > 0)
        s->calls.data(chunk, (gsize)n, s->calls.user);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return n > 0 ? 1 : -1;
}

static gboolean stream_on_readable(gint fd, GIOCondition condition, gpointer data)
{
    (void)fd;
    (void)condition;
    stream *s = data;
    if (read_once(s) >= 0)
        return G_SOURCE_CONTINUE;
    channel_drop_source(&s->in);
    if (s->calls.closed)
        s->calls.closed(s, s->calls.user);
    return G_SOURCE_REMOVE;
}

stream *stream_new(int fd, const struct stream_calls *calls)
{
    stream *s = g_new0(stream, 1);
    (void)g_unix_set_fd_nonblocking(fd, TRUE, NULL);
    s->fd = fd;
    s->calls = *calls;
    s->pending = g_byte_array_new();
    s->in = channel_watch(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, stream_on_readable, s);
    return s;
}

void stream_free(stream *s)
{
    if (!s)
        return;
    channel_drop_source(&s->in);
    channel_drop_source(&s->out);
    g_byte_array_unref(s->pending);
    close(s->fd);
    g_free(s);
}

/* A write error is not reported here: reading finds the same end of the connection. */
static void stream_flush(stream *s)
{
    while (s->pending->len) {
        ssize_t n = send(s->fd, s->pending->data, s->pending->len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        g_byte_array_remove_range(s->pending, 0, n < 0 ? s->pending->len : (guint)n);
    }
}

static gboolean stream_on_writable(gint fd, GIOCondition condition, gpointer data)
{
    (void)fd;
    (void)condition;
    stream *s = data;
    stream_flush(s);
    if (s->pending->len)
        return G_SOURCE_CONTINUE;
    channel_drop_source(&s->out);
    return G_SOURCE_REMOVE;
}

gboolean stream_send(stream *s, const char *bytes, gsize length)
{
    if (length > STREAM_LIMIT - s->pending->len)
        return FALSE;
    g_byte_array_append(s->pending, (const guint8 *)bytes, (guint)length);
    if (s->out)
        return TRUE;
    stream_flush(s);
    if (s->pending->len)
        s->out = channel_watch(s->fd, G_IO_OUT, stream_on_writable, s);
    return TRUE;
}

void stream_discard(stream *s)
{
    g_byte_array_set_size(s->pending, 0);
}

void stream_drain(stream *s)
{
    gboolean more;
    do {
        more = s->in && read_once(s) > 0;
    } while (more);
}
