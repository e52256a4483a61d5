/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "server.h"
#include "support.h"

#include <sys/stat.h>

#define SIZE 300000u

struct fixture {
    char *dir, *part, *url;
    server *server;
    GBytes *body;
    char sha256[65];
    struct server_file *file;
    GCancellable *cancel;
    struct media_net net;
    struct media_download download;
    media_answer answer;
    gint64 cancelled;
};

static int setup(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);
    f->dir = files_temp_dir(g_get_tmp_dir(), "ingot-download", NULL);
    f->part = under(f->dir, "x.part");
    f->server = server_new();
    f->body = noise(SIZE, 1);
    bytes_digest(f->body, f->sha256);
    f->file = server_put_bytes(f->server, "/x", f->body);
    f->url = server_url(f->server, "/x");
    f->cancel = g_cancellable_new();
    f->net = (struct media_net){.limits = &quick_limits, .cancel = f->cancel};
    f->download = (struct media_download){
        .url = f->url, .name = "x", .sha256 = f->sha256, .size = SIZE, .max_size = 1u << 20};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    server_free(f->server);
    files_remove_tree(f->dir);
    g_bytes_unref(f->body);
    media_answer_clear(&f->answer);
    g_object_unref(f->cancel);
    g_free(f->part);
    g_free(f->url);
    g_free(f->dir);
    g_free(f);
    return 0;
}

static void assert_fetched(struct fixture *f)
{
    g_autoptr(GError) error = NULL;
    char *data = NULL;
    gsize length = 0, expected = 0;
    gboolean good = media_download_run(&f->download, &f->net, f->part, &f->answer, &error);
    assert_no_error(error);
    assert_true(good);
    assert_true(g_file_get_contents(f->part, &data, &length, NULL));
    const void *body = g_bytes_get_data(f->body, &expected);
    assert_int_equal(length, expected);
    assert_memory_equal(data, body, length);
    g_free(data);
}

static void assert_fails(struct fixture *f, int code, const char *says)
{
    g_autoptr(GError) error = NULL;
    assert_false(media_download_run(&f->download, &f->net, f->part, &f->answer, &error));
    assert_error_says(error, code, says);
}

static gint64 part_size(const struct fixture *f)
{
    struct stat info;
    return stat(f->part, &info) == 0 ? info.st_size : -1;
}

static void comes_whole(void **state)
{
    struct fixture *f = *state;
    f->file->etag = g_strdup("\"one\"");
    f->file->modified = g_strdup("Sat, 12 Sep 2026 07:55:41 GMT");
    assert_fetched(f);
    assert_string_equal(f->answer.sha256, f->sha256);
    assert_int_equal(f->answer.size, SIZE);
    assert_string_equal(f->answer.etag, "\"one\"");
    assert_string_equal(f->answer.modified, "Sat, 12 Sep 2026 07:55:41 GMT");
    assert_int_equal(server_gets(f->server, "/x"), 1);
}

static void digest_in_capitals_is_the_same(void **state)
{
    struct fixture *f = *state;
    for (char *c = f->sha256; *c; c++)
        *c = g_ascii_toupper(*c);
    assert_fetched(f);
}

static void a_busy_server_is_asked_again(void **state)
{
    struct fixture *f = *state;
    f->file->trick = TRICK_STATUS;
    f->file->status = 503;
    f->file->times = 2;
    assert_fetched(f);
    assert_int_equal(server_gets(f->server, "/x"), 3);
}

static void a_server_may_say_when(void **state)
{
    struct fixture *f = *state;
    gint64 began = g_get_monotonic_time();
    f->file->trick = TRICK_STATUS;
    f->file->status = 429;
    f->file->times = 1;
    f->file->retry_after = 1;
    assert_fetched(f);
    assert_true(g_get_monotonic_time() - began >= G_USEC_PER_SEC);
}

static void a_server_that_stays_busy_is_given_up(void **state)
{
    struct fixture *f = *state;
    f->file->trick = TRICK_STATUS;
    f->file->status = 503;
    assert_fails(f, INGOT_EXIT_MEDIA, "503 (service unavailable)");
    assert_int_equal(server_gets(f->server, "/x"), quick_limits.attempts);
}

static void final_answers_are_final(void **state)
{
    static const guint statuses[] = {400, 401, 403, 404, 410, 501};
    struct fixture *f = *state;
    f->file->trick = TRICK_STATUS;
    for (gsize i = 0; i < G_N_ELEMENTS(statuses); i++) {
        g_autofree char *says = g_strdup_printf("answered %u", statuses[i]);
        f->file->status = statuses[i];
        assert_fails(f, INGOT_EXIT_MEDIA, says);
        assert_int_equal(server_gets(f->server, "/x"), i + 1);
        assert_int_equal(f->answer.absent,
                         statuses[i] == 403 || statuses[i] == 404 || statuses[i] == 410);
        assert_int_equal(part_size(f), -1);
    }
}

static void goes_on_where_it_broke_off(void **state)
{
    struct fixture *f = *state;
    f->file->etag = g_strdup("\"one\"");
    f->file->trick = TRICK_BREAK;
    f->file->times = 2;
    assert_fetched(f);
    assert_int_equal(server_gets(f->server, "/x"), 3);
    assert_int_equal(f->file->sent, SIZE); /* nothing came twice */
    assert_string_equal(f->file->last_range, "bytes=225000-");
}

static const struct media_limits patient = {.attempts = 5,
                                            .backoff_ms = 60000,
                                            .backoff_max_ms = 60000,
                                            .connect_ms = 30000,
                                            .stall_s = 30,
                                            .stall_rate = 1};

static gboolean ready(const struct fixture *f)
{
    return f->file->trick == TRICK_STALL ? part_size(f) == SIZE / 2
                                         : server_gets(f->server, "/x") > 0;
}

/* When the server has done what it does, or after ten seconds. */
static gpointer cancel_when_ready(gpointer data)
{
    struct fixture *f = data;
    gint64 end = g_get_monotonic_time() + 10 * G_TIME_SPAN_SECOND;
    while (!ready(f) && g_get_monotonic_time() < end)
        (void)g_poll(NULL, 0, 10);
    f->cancelled = g_get_monotonic_time();
    g_cancellable_cancel(f->cancel);
    return NULL;
}

static void assert_cancelled_at_once(struct fixture *f)
{
    GThread *thread = g_thread_new("cancel", cancel_when_ready, f);
    assert_fails(f, INGOT_EXIT_INTERRUPTED, "");
    gint64 ended = g_get_monotonic_time();
    g_thread_join(thread);
    assert_in_range(ended - f->cancelled, 0, 900 * G_TIME_SPAN_MILLISECOND);
}

/* A run that ends in the middle. */
static void leave_half(struct fixture *f)
{
    f->net.limits = &patient;
    f->file->trick = TRICK_STALL;
    f->file->times = 1;
    assert_cancelled_at_once(f);
    assert_int_equal(part_size(f), SIZE / 2);
    g_cancellable_reset(f->cancel);
    f->net.limits = &quick_limits;
}

static void a_later_run_goes_on_too(void **state)
{
    struct fixture *f = *state;
    f->file->etag = g_strdup("\"one\"");
    f->download.size = 0;
    f->download.sha256 = NULL; /* then the ETag alone says that it is the same */
    leave_half(f);
    assert_fetched(f);
    assert_int_equal(f->file->sent, SIZE);
    assert_string_equal(f->answer.sha256, f->sha256);
}

/* The first half of one file must not get the second half of another. */
static void a_changed_file_is_fetched_anew(void **state)
{
    struct fixture *f = *state;
    f->file->etag = g_strdup("\"one\"");
    f->download.sha256 = NULL;
    f->download.size = 0;
    leave_half(f);
    g_bytes_unref(f->body);
    f->body = noise(SIZE, 2);
    f->file = server_put_bytes(f->server, "/x", f->body);
    f->file->etag = g_strdup("\"two\"");
    assert_fetched(f);
    assert_string_equal(f->file->last_range, "bytes=150000-");
    assert_int_equal(f->file->sent, SIZE);
}

/* A weak validator and no digest: nothing says that the rest would fit. */
static void without_a_strong_validator_nothing_is_resumed(void **state)
{
    struct fixture *f = *state;
    f->file->etag = g_strdup("W/\"one\"");
    f->file->trick = TRICK_BREAK;
    f->file->times = 1;
    f->download.sha256 = NULL;
    assert_fetched(f);
    assert_null(f->file->last_range);
}

/* The server gives a range of a file that has changed and has no validators: the digest tells. */
static void a_spliced_file_is_fetched_anew(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GBytes) old = noise(SIZE / 3, 7);
    write_bytes(f->part, old);
    assert_fetched(f);
    assert_int_equal(server_gets(f->server, "/x"), 2);
    assert_null(f->file->last_range);
}

static void a_server_without_ranges_sends_all(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GBytes) half = g_bytes_new_from_bytes(f->body, 0, SIZE / 2);
    write_bytes(f->part, half);
    f->file->trick = TRICK_NO_RANGE;
    assert_fetched(f);
    assert_int_equal(f->file->sent, SIZE);
}

static void another_range_than_asked_for_is_not_taken(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GBytes) half = g_bytes_new_from_bytes(f->body, 0, SIZE / 2);
    write_bytes(f->part, half);
    f->file->trick = TRICK_WRONG_RANGE;
    assert_fetched(f);
    assert_int_equal(server_gets(f->server, "/x"), 2);
}

static void a_range_behind_the_end_starts_over(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GBytes) more = noise(SIZE + 10, 3);
    write_bytes(f->part, more);
    f->download.size = 0;
    assert_fetched(f);
    assert_int_equal(server_gets(f->server, "/x"), 2);
}

static void what_is_complete_already_is_not_fetched(void **state)
{
    struct fixture *f = *state;
    write_bytes(f->part, f->body);
    assert_fetched(f);
    assert_int_equal(server_gets(f->server, "/x"), 0);
}

static void what_is_complete_and_wrong_is_fetched(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GBytes) wrong = noise(SIZE, 4);
    write_bytes(f->part, wrong);
    assert_fetched(f);
    assert_int_equal(server_gets(f->server, "/x"), 1);
}

static void a_body_cut_short_is_noticed(void **state)
{
    struct fixture *f = *state;
    f->file->trick = TRICK_CUT;
    f->file->times = 1;
    assert_fetched(f);
    assert_int_equal(f->file->sent, SIZE);
}

static void wrong_content_is_refused(void **state)
{
    struct fixture *f = *state;
    memset(f->sha256, 'a', 64);
    assert_fails(f, INGOT_EXIT_MEDIA, "has the SHA-256");
    assert_int_equal(part_size(f), -1);
    assert_int_equal(server_gets(f->server, "/x"), 1);
}

static void too_large_is_refused(void **state)
{
    struct fixture *f = *state;
    f->download.size = SIZE - 1;
    assert_fails(f, INGOT_EXIT_MEDIA, "larger than the");
    assert_int_equal(part_size(f), -1);
}

static void a_body_without_end_is_refused(void **state)
{
    struct fixture *f = *state;
    f->file->trick = TRICK_ENDLESS;
    f->download.size = 0;
    assert_fails(f, INGOT_EXIT_MEDIA, "larger than the 1 MiB it may have");
    assert_int_equal(part_size(f), -1);
}

/* Small, because libcurl takes the mean rate of the last five seconds. */
static void a_silent_server_is_given_up(void **state)
{
    struct fixture *f = *state;
    const struct media_limits two = {
        .attempts = 2, .backoff_ms = 10, .connect_ms = 2000, .stall_s = 1, .stall_rate = 100};
    struct server_file *small = server_put(f->server, "/small", "a few bytes", -1);
    g_autofree char *url = server_url(f->server, "/small");
    small->trick = TRICK_STALL;
    f->net.limits = &two;
    f->download = (struct media_download){.url = url, .name = "small", .max_size = 100};
    gint64 began = g_get_monotonic_time();
    assert_fails(f, INGOT_EXIT_MEDIA, "cannot fetch small");
    assert_in_range(g_get_monotonic_time() - began, G_USEC_PER_SEC, 20 * G_USEC_PER_SEC);
    assert_int_equal(server_gets(f->server, "/small"), 2);
}

static void cancelling_ends_a_transfer(void **state)
{
    struct fixture *f = *state;
    f->net.limits = &patient;
    f->file->trick = TRICK_STALL;
    assert_cancelled_at_once(f);
    assert_int_equal(part_size(f), SIZE / 2); /* for the next run */
    assert_fails(f, INGOT_EXIT_INTERRUPTED, "");
}

static void cancelling_ends_a_wait_between_tries(void **state)
{
    struct fixture *f = *state;
    f->net.limits = &patient;
    f->file->trick = TRICK_STATUS;
    f->file->status = 500;
    assert_cancelled_at_once(f);
}

static void redirects_are_followed_and_limited(void **state)
{
    struct fixture *f = *state;
    struct server_file *from = server_put(f->server, "/from", "", 0);
    g_autofree char *url = server_url(f->server, "/from");
    from->trick = TRICK_REDIRECT;
    from->location = g_strdup("/x");
    f->download.url = url;
    assert_fetched(f);
    g_free(from->location);
    from->location = g_strdup("/from");
    from->gets = 0;
    (void)remove(f->part);
    assert_fails(f, INGOT_EXIT_MEDIA, "redirect");
    assert_in_range(server_gets(f->server, "/from"), 2, 20);
}

static void a_redirect_leads_to_no_file_of_ours(void **state)
{
    struct fixture *f = *state;
    g_autofree char *secret = under(f->dir, "secret");
    write_bytes(secret, f->body);
    f->file->trick = TRICK_REDIRECT;
    f->file->location = g_strdup_printf("file://%s", secret);
    assert_fails(f, INGOT_EXIT_MEDIA, "cannot fetch x");
    assert_int_equal(part_size(f), -1);
}

static void not_modified_writes_nothing(void **state)
{
    struct fixture *f = *state;
    f->file->etag = g_strdup("\"one\"");
    f->download.sha256 = NULL;
    f->download.etag = "\"one\"";
    assert_true(media_download_run(&f->download, &f->net, f->part, &f->answer, NULL));
    assert_true(f->answer.not_modified);
    assert_int_equal(part_size(f), -1);
    f->download.etag = "\"zero\"";
    assert_fetched(f);
    assert_false(f->answer.not_modified);
}

/* 304 to a request that had no condition is no answer. */
static void not_modified_unasked_is_an_error(void **state)
{
    struct fixture *f = *state;
    f->file->trick = TRICK_STATUS;
    f->file->status = 304;
    assert_fails(f, INGOT_EXIT_MEDIA, "answered 304");
}

static void files_can_be_fetched(void **state)
{
    struct fixture *f = *state;
    g_autofree char *source = under(f->dir, "source");
    g_autofree char *url = g_strdup_printf("file://%s", source);
    g_autoptr(GBytes) third = g_bytes_new_from_bytes(f->body, 0, SIZE / 3);
    write_bytes(source, f->body);
    f->download.url = url;
    assert_fetched(f);
    write_bytes(f->part, third);
    assert_fetched(f);
    (void)remove(source);
    (void)remove(f->part);
    assert_fails(f, INGOT_EXIT_MEDIA, "cannot fetch x from file://");
    assert_true(f->answer.absent);
}

static void nobody_listening_is_an_error(void **state)
{
    struct fixture *f = *state;
    server_free(f->server);
    f->server = NULL;
    assert_fails(f, INGOT_EXIT_MEDIA, "cannot fetch x from http://127.0.0.1:");
}

static void other_protocols_are_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const urls[] = {"gopher://mirror.test/x", "scp://mirror.test/x",
                                       "dict://mirror.test/x", "nonsense", ""};
    for (gsize i = 0; i < G_N_ELEMENTS(urls); i++) {
        const struct media_limits one = {.attempts = 1, .connect_ms = 200, .stall_s = 1};
        f->net.limits = &one;
        f->download.url = urls[i];
        assert_fails(f, INGOT_EXIT_MEDIA, "cannot fetch x");
    }
}

static void urls_are_shown_without_secrets(void **state)
{
    (void)state;
    static const struct {
        const char *url, *shown;
    } cases[] = {
        {"http://mirror.test/a", "http://mirror.test/a"},
        {"http://me:secret@mirror.test/a", "http://mirror.test/a"},
        {"https://me@mirror.test:8080/a@b", "https://mirror.test:8080/a@b"},
        {"http://me:p@ss@mirror.test/", "http://mirror.test/"},
        {"ftp://me:secret@mirror.test", "ftp://mirror.test"},
        {"http://mirror.test/a?token=secret", "http://mirror.test/a?..."},
        {"http://me:secret@mirror.test?x", "http://mirror.test?..."},
        {"http://mirror.test/a#b", "http://mirror.test/a"},
        {"me:secret@mirror.test/a", "mirror.test/a"},
        {"http://mirror.test/\033[2Ja", "http://mirror.test/a"},
        {"", ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *shown = media_url_shown(cases[i].url);
        assert_string_equal(shown, cases[i].shown);
    }
}

static void errors_do_not_tell_the_password(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    g_autofree char *url =
        g_strdup_printf("http://me:geheim@127.0.0.1:%s", strrchr(f->url, ':') + 1);
    f->file->trick = TRICK_STATUS;
    f->file->status = 403;
    f->download.url = url;
    assert_false(media_download_run(&f->download, &f->net, f->part, &f->answer, &error));
    assert_null(strstr(error->message, "geheim"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(comes_whole),
        T(digest_in_capitals_is_the_same),
        T(a_busy_server_is_asked_again),
        T(a_server_may_say_when),
        T(a_server_that_stays_busy_is_given_up),
        T(final_answers_are_final),
        T(goes_on_where_it_broke_off),
        T(a_later_run_goes_on_too),
        T(a_changed_file_is_fetched_anew),
        T(without_a_strong_validator_nothing_is_resumed),
        T(a_spliced_file_is_fetched_anew),
        T(a_server_without_ranges_sends_all),
        T(another_range_than_asked_for_is_not_taken),
        T(a_range_behind_the_end_starts_over),
        T(what_is_complete_already_is_not_fetched),
        T(what_is_complete_and_wrong_is_fetched),
        T(a_body_cut_short_is_noticed),
        T(wrong_content_is_refused),
        T(too_large_is_refused),
        T(a_body_without_end_is_refused),
        T(a_silent_server_is_given_up),
        T(cancelling_ends_a_transfer),
        T(cancelling_ends_a_wait_between_tries),
        T(redirects_are_followed_and_limited),
        T(a_redirect_leads_to_no_file_of_ours),
        T(not_modified_writes_nothing),
        T(not_modified_unasked_is_an_error),
        T(files_can_be_fetched),
        T(nobody_listening_is_an_error),
        T(other_protocols_are_refused),
        cmocka_unit_test(urls_are_shown_without_secrets),
        T(errors_do_not_tell_the_password),
    };
    g_unsetenv("http_proxy");
    g_unsetenv("all_proxy");
    return cmocka_run_group_tests_name("media/download", tests, NULL, NULL);
}
