/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "seed/seed.h"

#include "base/error.h"
#include "base/text.h"
#include "seed/names.h"

#include <arpa/inet.h>
#include <glib-unix.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

/* libmicrohttpd behind one epoll descriptor in the main context: no threads, so its callbacks
 * need no locks.  The clients are guests and anyone else on this host. */

#define TOKEN_BYTES    16u /* 128 bits */
#define MOST_CLIENTS   32u
#define CLIENT_MEMORY  (16u << 10) /* for the headers of one request */
#define CLIENT_SECONDS 30u         /* a client that sends nothing for this long is dropped */
#define TICK_MS        1000u       /* how often that is looked at */
#define SHOWN          100         /* bytes of a client's request that are stored */

struct served {
    char *path;
    struct MHD_Response *response;
    gboolean sent;
};

struct seed_server {
    struct MHD_Daemon *daemon;
    GSource *ready, *tick;
    char token[2 * TOKEN_BYTES + 1];
    char *url;
    GPtrArray *files;    /* of struct served * */
    GPtrArray *requests; /* of struct seed_request * */
    struct MHD_Response *refusal;
    seed_request_fn asked;
    gpointer user;
};

/* ---- requests ---- */

static void request_free(gpointer data)
{
    struct seed_request *request = data;
    g_free(request->method);
    g_free(request->path);
    g_free(request->agent);
    g_free(request);
}

static char *http_shown(const char *text)
{
    gsize length = text ? strlen(text) : 0;
    return text_printable(text ? text : "", (gssize)MIN(length, SHOWN));
}

/* The file for "/TOKEN/PATH", or NULL.  The comparison takes the same time for every wrong
 * token. */
static struct served *http_find(const seed_server *s, const char *url)
{
    gsize length = strlen(s->token);
    if (strlen(url) < length + 2 || url[0] != '/' || url[1 + length] != '/' ||
        CRYPTO_memcmp(url + 1, s->token, length) != 0)
        return NULL;
    for (guint i = 0; i < s->files->len; i++) {
        struct served *file = g_ptr_array_index(s->files, i);
        if (strcmp(file->path, url + length + 2) == 0)
            return file;
    }
    return NULL;
}

static void http_tell(seed_server *s, const char *method, const char *agent, struct served *file,
                      guint status)
{
    struct seed_request *request = g_new0(struct seed_request, 1);
    request->time = g_get_real_time();
    request->method = http_shown(method);
    request->path = g_strdup(file ? file->path : "");
    request->agent = http_shown(agent);
    request->status = status;
    request->first = status == MHD_HTTP_OK && strcmp(method, "GET") == 0 && !file->sent;
    if (request->first)
        file->sent = TRUE;
    if (s->asked)
        s->asked(request, s->user);
    if (s->requests->len < SEED_REQUESTS)
        g_ptr_array_add(s->requests, request);
    else
        request_free(request);
}

/* MHD_AccessHandlerCallback: called once when the headers are there; an answer then ends the
 * request, whatever body was announced. */
static enum MHD_Result http_answer(void *user, struct MHD_Connection *connection, const char *url,
                                   const char *method, const char *version, const char *upload,
                                   size_t *upload_size, void **state)
{
    seed_server *s = user;
    (void)version;
    (void)upload;
    (void)upload_size;
    (void)state;
    gboolean reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    const char *agent =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_USER_AGENT);
    struct served *file = reads ? http_find(s, url) : NULL;
    guint status = file ? MHD_HTTP_OK : reads ? MHD_HTTP_NOT_FOUND : MHD_HTTP_METHOD_NOT_ALLOWED;
    http_tell(s, method, agent, file, status);
    return MHD_queue_response(connection, status, file ? file->response : s->refusal);
}

/* The names served need no escapes, so nothing else is another way to write one. */
static size_t as_it_is(void *user, struct MHD_Connection *connection, char *text)
{
    (void)user;
    (void)connection;
    return strlen(text);
}

/* ---- the main context ---- */

static gboolean on_ready(gint fd, GIOCondition condition, gpointer user)
{
    (void)fd;
    (void)condition;
    const seed_server *s = user;
    (void)MHD_run(s->daemon);
    return G_SOURCE_CONTINUE;
}

static gboolean http_on_tick(gpointer user)
{
    const seed_server *s = user;
    (void)MHD_run(s->daemon);
    return G_SOURCE_CONTINUE;
}

static void http_attach(seed_server *s, int fd)
{
    s->ready = g_unix_fd_source_new(fd, G_IO_IN);
    s->tick = g_timeout_source_new(TICK_MS);
    g_source_set_callback(s->ready, (GSourceFunc)(void (*)(void))on_ready, s, NULL);
    g_source_set_callback(s->tick, http_on_tick, s, NULL);
    g_source_attach(s->ready, g_main_context_get_thread_default());
    g_source_attach(s->tick, g_main_context_get_thread_default());
}

static void http_detach(GSource **source)
{
    if (*source)
        g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

/* ---- the server ---- */

static void served_free(gpointer data)
{
    struct served *file = data;
    MHD_destroy_response(file->response);
    g_free(file->path);
    g_free(file);
}

static void http_add_file(seed_server *s, const struct media_file *from)
{
    gsize size;
    gconstpointer data = g_bytes_get_data(from->data, &size);
    struct served *file = g_new0(struct served, 1);
    file->path = g_strdup(from->path);
    file->response = MHD_create_response_from_buffer(size, (gpointer)data, MHD_RESPMEM_MUST_COPY);
    (void)MHD_add_response_header(file->response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                  "application/octet-stream");
    (void)MHD_add_response_header(file->response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    g_ptr_array_add(s->files, file);
}

static gboolean make_token(seed_server *s, GError **error)
{
    guchar bytes[TOKEN_BYTES];
    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        ingot_set_error(error, INGOT_EXIT_HOST, NULL,
                        "no random numbers are available on this host");
        return FALSE;
    }
    for (gsize i = 0; i < sizeof bytes; i++)
        g_snprintf(s->token + 2 * i, 3, "%02x", bytes[i]);
    return TRUE;
}

static gboolean listen_to_loopback(seed_server *s, GError **error)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    s->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, http_answer, s, MHD_OPTION_SOCK_ADDR,
        (struct sockaddr *)&address, MHD_OPTION_CONNECTION_LIMIT, MOST_CLIENTS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CLIENT_MEMORY, MHD_OPTION_UNESCAPE_CALLBACK,
        as_it_is, NULL, MHD_OPTION_CONNECTION_TIMEOUT, CLIENT_SECONDS, MHD_OPTION_END);
    const union MHD_DaemonInfo *port =
        s->daemon ? MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    const union MHD_DaemonInfo *epoll =
        s->daemon ? MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (!port || !epoll) {
        ingot_set_error(error, INGOT_EXIT_HOST, NULL,
                        "cannot start the HTTP server for the answer file on 127.0.0.1");
        return FALSE;
    }
    s->url = g_strdup_printf("http://127.0.0.1:%u/%s", (guint)port->port, s->token);
    http_attach(s, epoll->epoll_fd);
    return TRUE;
}

seed_server *seed_server_new(const struct media_file *files, gsize n, seed_request_fn asked,
                             gpointer user, GError **error)
{
    if (!seed_check_names(files, n, error))
        return NULL;
    g_autoptr(seed_server) s = g_new0(seed_server, 1);
    s->files = g_ptr_array_new_with_free_func(served_free);
    s->requests = g_ptr_array_new_with_free_func(request_free);
    s->refusal = MHD_create_response_from_buffer(0, (gpointer) "", MHD_RESPMEM_PERSISTENT);
    s->asked = asked;
    s->user = user;
    for (gsize i = 0; i < n; i++)
        http_add_file(s, &files[i]);
    return make_token(s, error) && listen_to_loopback(s, error) ? g_steal_pointer(&s) : NULL;
}

void seed_server_free(seed_server *s)
{
    if (!s)
        return;
    http_detach(&s->ready);
    http_detach(&s->tick);
    if (s->daemon)
        MHD_stop_daemon(s->daemon);
    g_ptr_array_unref(s->files);
    g_ptr_array_unref(s->requests);
    MHD_destroy_response(s->refusal);
    OPENSSL_cleanse(s->token, sizeof s->token);
    g_free(s->url);
    g_free(s);
}

const char *seed_server_url(const seed_server *s)
{
    return s->url;
}

gboolean seed_server_sent(const seed_server *s, const char *path)
{
    for (guint i = 0; i < s->files->len; i++) {
        const struct served *file = g_ptr_array_index(s->files, i);
        if (strcmp(file->path, path) == 0)
            return file->sent;
    }
    return FALSE;
}

const GPtrArray *seed_server_requests(const seed_server *s)
{
    return s->requests;
}
