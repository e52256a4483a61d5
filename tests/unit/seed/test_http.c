/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "seed/seed.h"

#include <curl/curl.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The server runs in the main context of the test, its client in a thread. */

struct query {
    char *url;
    const char *method; /* NULL: GET */
    const char *agent;
    gboolean raw; /* ".." goes as it is */
    CURLcode code;
    long status;
    double length; /* as the headers say */
    GString *body;
    GMainLoop *loop;
};

static size_t on_body(char *data, size_t size, size_t n, void *user)
{
    g_string_append_len(user, data, (gssize)(size * n));
    return size * n;
}

static gboolean quit(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static gpointer client(gpointer data)
{
    struct query *q = data;
    CURL *curl = curl_easy_init();
    curl_off_t length = -1;
    curl_easy_setopt(curl, CURLOPT_URL, q->url);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, q->body);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, q->raw ? 1L : 0L);
    if (q->agent)
        curl_easy_setopt(curl, CURLOPT_USERAGENT, q->agent);
    if (g_strcmp0(q->method, "HEAD") == 0)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    else if (g_strcmp0(q->method, "POST") == 0)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "some=thing");
    else if (q->method)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, q->method);
    q->code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &q->status);
    curl_easy_getinfo(curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    q->length = (double)length;
    curl_easy_cleanup(curl);
    g_idle_add(quit, q->loop);
    return NULL;
}

/* Runs the main loop until the client has its answer.  Takes the URL. */
static void run(struct query *q)
{
    q->body = g_string_new(NULL);
    q->loop = g_main_loop_new(NULL, FALSE);
    GThread *thread = g_thread_new("client", client, q);
    g_main_loop_run(q->loop);
    g_thread_join(thread);
    g_main_loop_unref(q->loop);
    g_free(q->url);
    assert_int_equal(q->code, CURLE_OK);
}

static char *at(const seed_server *s, const char *path)
{
    return g_strdup_printf("%s/%s", seed_server_url(s), path);
}

static char binary[] = "\0\1\2binary\0";

static seed_server *start(seed_request_fn asked, gpointer user)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) one = g_bytes_new_static("d-i one\n", 8);
    g_autoptr(GBytes) two = g_bytes_new_static(binary, sizeof binary);
    const struct media_file files[] = {{"preseed.cfg", one, 0600}, {"ingot/files.tar", two, 0644}};
    seed_server *s = seed_server_new(files, G_N_ELEMENTS(files), asked, user, &error);
    assert_no_error(error);
    assert_non_null(s);
    return s;
}

static void right_files(void **state)
{
    (void)state;
    g_autoptr(seed_server) s = start(NULL, NULL);
    struct query one = {.url = at(s, "preseed.cfg")}, two = {.url = at(s, "ingot/files.tar")};
    assert_true(g_str_has_prefix(seed_server_url(s), "http://127.0.0.1:"));
    run(&one);
    run(&two);
    assert_int_equal(one.status, 200);
    assert_string_equal(one.body->str, "d-i one\n");
    assert_int_equal(two.status, 200);
    assert_int_equal(two.body->len, sizeof binary);
    assert_memory_equal(two.body->str, binary, sizeof binary);
    g_string_free(one.body, TRUE);
    g_string_free(two.body, TRUE);
}

/* Nobody who does not know the whole URL gets anything. */
static void wrong_paths(void **state)
{
    (void)state;
    g_autoptr(seed_server) s = start(NULL, NULL);
    const char *url = seed_server_url(s);
    const char *top = url + strlen("http://");
    gsize host = (gsize)(strchr(top, '/') - url);
    g_autofree char *bare = g_strndup(url, host);
    g_autofree char *other = g_strdup(url);
    g_autofree char *shorter = g_strndup(url, strlen(url) - 1);
    gsize last = strlen(other) - 1;
    other[last] = other[last] == '0' ? '1' : '0';
    const char *const all[] = {bare, other, shorter, url};
    static const char *const paths[] = {"/preseed.cfg", "/", "", "//preseed.cfg"};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        for (gsize j = 0; j < G_N_ELEMENTS(paths); j++) {
            if (all[i] == url && j == 0)
                continue;
            struct query q = {.url = g_strconcat(all[i], paths[j], NULL), .raw = TRUE};
            run(&q);
            assert_int_equal(q.status, 404);
            assert_int_equal(q.body->len, 0);
            g_string_free(q.body, TRUE);
        }
    assert_false(seed_server_sent(s, "preseed.cfg"));
}

static void traversal(void **state)
{
    (void)state;
    g_autoptr(seed_server) s = start(NULL, NULL);
    static const char *const paths[] = {"../preseed.cfg",
                                        "ingot/../preseed.cfg",
                                        "%2e%2e/etc/passwd",
                                        "../../../../etc/passwd",
                                        "preseed.cfg%00x",
                                        "preseed.cfg/",
                                        "ingot",
                                        "./preseed.cfg"};
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        struct query q = {.url = at(s, paths[i]), .raw = TRUE};
        run(&q);
        if (q.status != 404)
            fail_msg("%s: %ld", paths[i], q.status);
        assert_int_equal(q.body->len, 0);
        g_string_free(q.body, TRUE);
    }
}

static void methods(void **state)
{
    (void)state;
    g_autoptr(seed_server) s = start(NULL, NULL);
    static const char *const refused[] = {"POST", "PUT", "DELETE", "OPTIONS", "BREW"};
    for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
        struct query q = {.url = at(s, "preseed.cfg"), .method = refused[i]};
        run(&q);
        assert_int_equal(q.status, 405);
        assert_int_equal(q.body->len, 0);
        g_string_free(q.body, TRUE);
    }
    struct query head = {.url = at(s, "preseed.cfg"), .method = "HEAD"};
    run(&head);
    assert_int_equal(head.status, 200);
    assert_int_equal(head.body->len, 0);
    assert_true(head.length == 8);
    g_string_free(head.body, TRUE);
    /* To ask how long it is, is not to have it. */
    assert_false(seed_server_sent(s, "preseed.cfg"));
}

/* ---- the watchdog ---- */

static void count_first(const struct seed_request *request, gpointer user)
{
    guint *seen = user;
    *seen += request->first;
}

static void watchdog(void **state)
{
    (void)state;
    guint first = 0;
    gint64 began = g_get_real_time();
    g_autoptr(seed_server) s = start(count_first, &first);
    static const struct {
        const char *path, *method;
        guint first;
    } steps[] = {{"no.such", NULL, 0},
                 {"preseed.cfg", "HEAD", 0},
                 {"preseed.cfg", NULL, 1},
                 {"preseed.cfg", NULL, 1},
                 {"ingot/files.tar", NULL, 2}};
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        struct query q = {
            .url = at(s, steps[i].path), .method = steps[i].method, .agent = "Wget/\033[2J1.21"};
        run(&q);
        assert_int_equal(first, steps[i].first);
        g_string_free(q.body, TRUE);
    }
    assert_true(seed_server_sent(s, "preseed.cfg"));
    assert_false(seed_server_sent(s, "no.such"));
    const GPtrArray *all = seed_server_requests(s);
    assert_int_equal(all->len, G_N_ELEMENTS(steps));
    const struct seed_request *wrong = g_ptr_array_index(all, 0),
                              *right = g_ptr_array_index(all, 2);
    assert_string_equal(wrong->path, "");
    assert_int_equal(wrong->status, 404);
    assert_string_equal(right->path, "preseed.cfg");
    assert_string_equal(right->method, "GET");
    assert_true(right->first && right->time >= began && right->time <= g_get_real_time());
    assert_true(g_str_has_prefix(right->agent, "Wget/"));
    assert_null(strchr(right->agent, '\033'));
}

static void bounded_log(void **state)
{
    (void)state;
    g_autoptr(seed_server) s = start(NULL, NULL);
    for (guint i = 0; i < SEED_REQUESTS + 5; i++) {
        struct query q = {.url = at(s, "x")};
        run(&q);
        g_string_free(q.body, TRUE);
    }
    assert_int_equal(seed_server_requests(s)->len, SEED_REQUESTS);
}

/* A client that sends headers without end is cut off, and others are served meanwhile. */
static void long_headers(void **state)
{
    (void)state;
    g_autoptr(seed_server) s = start(NULL, NULL);
    g_autofree char *filler = g_strnfill(64 << 10, 'a');
    g_autofree char *slow = g_strdup_printf("GET / HTTP/1.1\r\nX: %s", filler);
    const char *port = strchr(seed_server_url(s) + strlen("http://"), ':') + 1;
    g_autoptr(GSocketClient) net = g_socket_client_new();
    g_autoptr(GSocketConnection) c = g_socket_client_connect_to_host(
        net, "127.0.0.1", (guint16)g_ascii_strtoull(port, NULL, 10), NULL, NULL);
    assert_non_null(c);
    GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(c));
    assert_true(g_output_stream_write(out, slow, strlen(slow), NULL, NULL) > 0);
    struct query q = {.url = at(s, "preseed.cfg")};
    run(&q);
    assert_int_equal(q.status, 200);
    g_string_free(q.body, TRUE);
}

/* Each has a path of its own, of 128 bits. */
static void unguessable(void **state)
{
    (void)state;
    g_autoptr(seed_server) a = start(NULL, NULL), b = start(NULL, NULL);
    const char *one = strrchr(seed_server_url(a), '/'), *two = strrchr(seed_server_url(b), '/');
    assert_int_equal(strlen(one), 33);
    assert_int_equal(strspn(one + 1, "0123456789abcdef"), 32);
    assert_string_not_equal(one, two);
}

static void bad_names(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) data = g_bytes_new_static("", 0);
    const struct media_file files[] = {{"../x", data, 0644}};
    assert_null(seed_server_new(files, 1, NULL, NULL, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "“../x”");
}

int main(void)
{
    curl_global_init(CURL_GLOBAL_ALL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_files),  cmocka_unit_test(wrong_paths),
        cmocka_unit_test(traversal),    cmocka_unit_test(methods),
        cmocka_unit_test(watchdog),     cmocka_unit_test(bounded_log),
        cmocka_unit_test(long_headers), cmocka_unit_test(unguessable),
        cmocka_unit_test(bad_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
