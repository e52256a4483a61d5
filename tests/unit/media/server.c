/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "server.h"

#include <string.h>

struct server {
    GSocketListener *listener;
    GCancellable *stop;
    GThread *thread;
    GPtrArray *workers;
    GHashTable *files;
    GMutex mutex;
    GCond held;
    guint16 port;
};

struct request {
    server *server;
    GSocketConnection *connection;
    char *path, *range, *if_range, *if_none_match, *if_modified;
};

static void file_free(gpointer data)
{
    struct server_file *f = data;
    g_bytes_unref(f->body);
    g_free(f->etag);
    g_free(f->modified);
    g_free(f->location);
    g_free(f->last_range);
    g_free(f);
}

static gboolean put(struct request *r, const void *data, gsize length)
{
    GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(r->connection));
    return g_output_stream_write_all(out, data, length, NULL, r->server->stop, NULL);
}

static void wait_for_close(struct request *r)
{
    char byte;
    GInputStream *in = g_io_stream_get_input_stream(G_IO_STREAM(r->connection));
    (void)g_input_stream_read(in, &byte, 1, r->server->stop, NULL);
}

static gboolean plays(struct server_file *f, enum trick trick)
{
    return f->trick == trick && (f->times == 0 || f->gets <= f->times);
}

static char *value_of(const char *line, const char *name)
{
    gsize n = strlen(name);
    if (g_ascii_strncasecmp(line, name, n) != 0 || line[n] != ':')
        return NULL;
    return g_strstrip(g_strdup(line + n + 1));
}

static void keep(char **to, const char *line, const char *name)
{
    char *value = value_of(line, name);
    if (value) {
        g_free(*to);
        *to = value;
    }
}

static gboolean read_request(struct request *r)
{
    g_autoptr(GDataInputStream) in =
        g_data_input_stream_new(g_io_stream_get_input_stream(G_IO_STREAM(r->connection)));
    g_filter_input_stream_set_close_base_stream(G_FILTER_INPUT_STREAM(in), FALSE);
    g_data_input_stream_set_newline_type(in, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
    for (;;) {
        g_autofree char *line = g_data_input_stream_read_line(in, NULL, r->server->stop, NULL);
        if (!line || !*line)
            return line && r->path;
        if (!r->path) {
            g_auto(GStrv) words = g_strsplit(line, " ", 3);
            r->path = g_strdup(words[0] ? words[1] : NULL);
        }
        keep(&r->range, line, "Range");
        keep(&r->if_range, line, "If-Range");
        keep(&r->if_none_match, line, "If-None-Match");
        keep(&r->if_modified, line, "If-Modified-Since");
    }
}

static gboolean same(const char *asked, const char *is)
{
    return asked && is && g_str_equal(asked, is);
}

/* Where the body starts for this request: 0 unless a range is asked for and may be given. */
static gsize start_of(const struct request *r, struct server_file *f, gsize length, guint *status)
{
    guint64 first = 0;
    *status = 200;
    if (!r->range || !g_str_has_prefix(r->range, "bytes=") || plays(f, TRICK_NO_RANGE))
        return 0;
    if (r->if_range && !same(r->if_range, f->etag) && !same(r->if_range, f->modified))
        return 0;
    first = g_ascii_strtoull(r->range + 6, NULL, 10);
    *status = first >= length ? 416 : 206;
    return (gsize)first;
}

static void put_head(struct request *r, const struct server_file *f, guint status, gssize length,
                     gsize first)
{
    g_autoptr(GString) head = g_string_new(NULL);
    g_string_append_printf(head, "HTTP/1.1 %u X\r\nConnection: close\r\n", status);
    if (length >= 0)
        g_string_append_printf(head, "Content-Length: %" G_GSSIZE_FORMAT "\r\n", length);
    if (status == 206)
        g_string_append_printf(head, "Content-Range: bytes %zu-%zu/%zu\r\n", first,
                               g_bytes_get_size(f->body) - 1, g_bytes_get_size(f->body));
    if (f && f->etag)
        g_string_append_printf(head, "ETag: %s\r\n", f->etag);
    if (f && f->modified)
        g_string_append_printf(head, "Last-Modified: %s\r\n", f->modified);
    if (f && f->location)
        g_string_append_printf(head, "Location: %s\r\n", f->location);
    if (f && f->retry_after)
        g_string_append_printf(head, "Retry-After: %u\r\n", f->retry_after);
    g_string_append(head, "\r\n");
    put(r, head->str, head->len);
}

static void put_endless(struct request *r, struct server_file *f)
{
    static const char zeros[65536];
    put_head(r, f, 200, -1, 0);
    while (put(r, zeros, sizeof zeros))
        f->sent += sizeof zeros;
}

static void put_body(struct request *r, struct server_file *f)
{
    guint status;
    gsize length = 0;
    const char *body = g_bytes_get_data(f->body, &length);
    gsize first = start_of(r, f, length, &status);
    if (status == 416) {
        put_head(r, NULL, 416, 0, 0);
        return;
    }
    gboolean half = plays(f, TRICK_BREAK) || plays(f, TRICK_CUT) || plays(f, TRICK_STALL);
    gsize left = length - first, now = half ? left / 2 : left;
    gsize told = status == 206 && plays(f, TRICK_WRONG_RANGE) ? first - 1 : first;
    put_head(r, f, status, plays(f, TRICK_CUT) ? -1 : (gssize)left, told);
    f->sent += now;
    put(r, body + first, now);
    if (plays(f, TRICK_STALL))
        wait_for_close(r);
}

static void hold(server *s)
{
    gint64 end = g_get_monotonic_time() + 400 * G_TIME_SPAN_MILLISECOND;
    g_mutex_lock(&s->mutex);
    while (!g_cancellable_is_cancelled(s->stop) && g_cond_wait_until(&s->held, &s->mutex, end))
        continue;
    g_mutex_unlock(&s->mutex);
}

static void answer(struct request *r, struct server_file *f)
{
    if (plays(f, TRICK_HOLD))
        hold(r->server);
    if (plays(f, TRICK_STATUS))
        put_head(r, f, f->status, 0, 0);
    else if (plays(f, TRICK_REDIRECT))
        put_head(r, f, 302, 0, 0);
    else if (plays(f, TRICK_ENDLESS))
        put_endless(r, f);
    else if (same(r->if_none_match, f->etag) ||
             (!r->if_none_match && same(r->if_modified, f->modified)))
        put_head(r, f, 304, -1, 0);
    else
        put_body(r, f);
}

static gpointer serve(gpointer data)
{
    struct request *r = data;
    if (read_request(r)) {
        g_mutex_lock(&r->server->mutex);
        struct server_file *f = g_hash_table_lookup(r->server->files, r->path);
        if (f) {
            f->gets++;
            g_free(f->last_range);
            f->last_range = g_strdup(r->range);
        }
        g_mutex_unlock(&r->server->mutex);
        if (f)
            answer(r, f);
        else
            put_head(r, NULL, 404, 0, 0);
    }
    g_io_stream_close(G_IO_STREAM(r->connection), NULL, NULL);
    g_object_unref(r->connection);
    g_free(r->path);
    g_free(r->range);
    g_free(r->if_range);
    g_free(r->if_none_match);
    g_free(r->if_modified);
    g_free(r);
    return NULL;
}

static gpointer listen_thread(gpointer data)
{
    server *s = data;
    GSocketConnection *connection;
    while ((connection = g_socket_listener_accept(s->listener, NULL, s->stop, NULL))) {
        struct request *r = g_new0(struct request, 1);
        r->server = s;
        r->connection = connection;
        g_ptr_array_add(s->workers, g_thread_new("request", serve, r));
    }
    return NULL;
}

server *server_new(void)
{
    server *s = g_new0(server, 1);
    g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GSocketAddress) any = g_inet_socket_address_new(loopback, 0);
    g_autoptr(GSocketAddress) bound = NULL;
    s->listener = g_socket_listener_new();
    s->stop = g_cancellable_new();
    s->workers = g_ptr_array_new();
    s->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, file_free);
    g_mutex_init(&s->mutex);
    g_cond_init(&s->held);
    if (!g_socket_listener_add_address(s->listener, any, G_SOCKET_TYPE_STREAM,
                                       G_SOCKET_PROTOCOL_TCP, NULL, &bound, NULL))
        g_error("no loopback socket");
    s->port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound));
    s->thread = g_thread_new("server", listen_thread, s);
    return s;
}

void server_free(server *s)
{
    if (!s)
        return;
    g_cancellable_cancel(s->stop);
    g_mutex_lock(&s->mutex);
    g_cond_broadcast(&s->held);
    g_mutex_unlock(&s->mutex);
    g_thread_join(s->thread);
    for (guint i = 0; i < s->workers->len; i++)
        g_thread_join(g_ptr_array_index(s->workers, i));
    g_ptr_array_unref(s->workers);
    g_hash_table_unref(s->files);
    g_object_unref(s->listener);
    g_object_unref(s->stop);
    g_mutex_clear(&s->mutex);
    g_cond_clear(&s->held);
    g_free(s);
}

struct server_file *server_put_bytes(server *s, const char *path, GBytes *body)
{
    struct server_file *f = g_new0(struct server_file, 1);
    f->body = g_bytes_ref(body);
    g_mutex_lock(&s->mutex);
    g_hash_table_replace(s->files, g_strdup(path), f);
    g_mutex_unlock(&s->mutex);
    return f;
}

struct server_file *server_put(server *s, const char *path, const void *data, gssize length)
{
    g_autoptr(GBytes) body = g_bytes_new(data, length < 0 ? strlen(data) : (gsize)length);
    return server_put_bytes(s, path, body);
}

void server_remove(server *s, const char *path)
{
    g_mutex_lock(&s->mutex);
    g_hash_table_remove(s->files, path);
    g_mutex_unlock(&s->mutex);
}

guint server_gets(server *s, const char *path)
{
    g_mutex_lock(&s->mutex);
    const struct server_file *f = g_hash_table_lookup(s->files, path);
    guint gets = f ? f->gets : 0;
    g_mutex_unlock(&s->mutex);
    return gets;
}

guint server_all_gets(server *s)
{
    GHashTableIter iter;
    gpointer f;
    guint all = 0;
    g_mutex_lock(&s->mutex);
    g_hash_table_iter_init(&iter, s->files);
    while (g_hash_table_iter_next(&iter, NULL, &f))
        all += ((struct server_file *)f)->gets;
    g_mutex_unlock(&s->mutex);
    return all;
}

char *server_url(const server *s, const char *path)
{
    return g_strdup_printf("http://127.0.0.1:%u%s", s->port, path);
}
