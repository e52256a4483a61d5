/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/channel.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS_LIMIT 16u
/* What is shown first to somebody who connects later: about two screens. */
#define RECENT_LIMIT 4096u

static const char gap[] = "\r\n[ingot: output dropped, this terminal did not read it]\r\n";

struct relay {
    int fd;
    char *path;
    GSource *source;
    GPtrArray *clients; /* of stream */
    GByteArray *recent;
    void (*input)(const char *bytes, gsize length, gpointer user);
    gpointer user;
};

static void relay_on_input(const char *bytes, gsize length, gpointer data)
{
    relay *r = data;
    r->input(bytes, length, r->user);
}

static void relay_on_closed(stream *client, gpointer data)
{
    relay *r = data;
    g_ptr_array_remove_fast(r->clients, client);
}

static void send_or_skip(stream *client, const char *bytes, gsize length)
{
    if (stream_send(client, bytes, length))
        return;
    stream_discard(client);
    (void)!stream_send(client, gap, sizeof gap - 1);
    (void)!stream_send(client, bytes, length);
}

static gboolean relay_on_connection(gint fd, GIOCondition condition, gpointer data)
{
    (void)condition;
    relay *r = data;
    int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection < 0)
        return G_SOURCE_CONTINUE;
    if (r->clients->len >= CLIENTS_LIMIT) {
        close(connection);
        return G_SOURCE_CONTINUE;
    }
    const struct stream_calls calls = {
        .data = relay_on_input, .closed = relay_on_closed, .user = r};
    stream *client = stream_new(connection, &calls);
    g_ptr_array_add(r->clients, client);
    send_or_skip(client, (const char *)r->recent->data, r->recent->len);
    return G_SOURCE_CONTINUE;
}

static void free_stream(gpointer s)
{
    stream_free(s);
}

relay *relay_new(const char *dir, void (*input)(const char *bytes, gsize length, gpointer user),
                 gpointer user, GError **error)
{
    int fd = channel_listen(dir, "attach", error);
    if (fd < 0)
        return NULL;
    relay *r = g_new0(relay, 1);
    r->fd = fd;
    r->path = g_build_filename(dir, "attach", NULL);
    r->clients = g_ptr_array_new_with_free_func(free_stream);
    r->recent = g_byte_array_new();
    r->input = input;
    r->user = user;
    r->source = g_unix_fd_source_new(fd, G_IO_IN);
    g_source_set_callback(r->source, (GSourceFunc)(void (*)(void))relay_on_connection, r, NULL);
    g_source_attach(r->source, g_main_context_get_thread_default());
    return r;
}

void relay_free(relay *r)
{
    if (!r)
        return;
    g_source_destroy(r->source);
    g_source_unref(r->source);
    g_ptr_array_unref(r->clients);
    g_byte_array_unref(r->recent);
    close(r->fd);
    (void)unlink(r->path);
    g_free(r->path);
    g_free(r);
}

void relay_send(relay *r, const char *bytes, gsize length)
{
    for (guint i = 0; i < r->clients->len; i++)
        send_or_skip(g_ptr_array_index(r->clients, i), bytes, length);
    g_byte_array_append(r->recent, (const guint8 *)bytes, (guint)length);
    if (r->recent->len > RECENT_LIMIT)
        g_byte_array_remove_range(r->recent, 0, r->recent->len - RECENT_LIMIT);
}
