/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "base/files.h"
#include "vm/channel.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char *dir;

static int setup(void **state)
{
    (void)state;
    dir = files_temp_dir(g_get_tmp_dir(), "channel", NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    files_remove_tree(dir);
    g_free(dir);
    return 0;
}

/* Everything that is ready now. */
static void settle(void)
{
    gboolean more;
    do {
        more = g_main_context_iteration(NULL, FALSE);
    } while (more);
}

static void on_data(const char *bytes, gsize length, gpointer user)
{
    g_string_append_len(user, bytes, (gssize)length);
}

static void on_closed(stream *s, gpointer user)
{
    (void)s;
    g_string_append(user, "<closed>");
}

static void both_ways(void **state)
{
    (void)state;
    int fds[2];
    char got[16] = "";
    g_autoptr(GString) heard = g_string_new(NULL);
    const struct stream_calls calls = {.data = on_data, .closed = on_closed, .user = heard};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    stream *s = stream_new(fds[0], &calls);
    assert_true(stream_send(s, "ab", 2));
    assert_int_equal(read(fds[1], got, sizeof got), 2);
    assert_memory_equal(got, "ab", 2);
    assert_int_equal(write(fds[1], "cd\0e", 4), 4);
    settle();
    assert_int_equal(heard->len, 4);
    close(fds[1]);
    settle();
    assert_non_null(strstr(heard->str + 4, "<closed>"));
    (void)!stream_send(s, "x", 1); /* to nobody: no signal, no error */
    settle();
    stream_free(s);
}

/* What the other side does not read waits, up to the limit; nothing is lost or mixed. */
static void backlog(void **state)
{
    (void)state;
    int fds[2];
    g_autoptr(GString) heard = g_string_new(NULL);
    const struct stream_calls calls = {.data = on_data, .user = heard};
    g_autofree char *chunk = g_malloc(STREAM_LIMIT);
    memset(chunk, 'x', STREAM_LIMIT);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    stream *s = stream_new(fds[0], &calls);
    guint64 accepted = 0, read_all = 0;
    assert_false(stream_send(s, chunk, STREAM_LIMIT + 1));
    while (stream_send(s, chunk, 10000))
        accepted += 10000;
    assert_true(accepted >= STREAM_LIMIT - 10000);
    ssize_t n;
    do {
        settle();
        n = recv(fds[1], chunk, STREAM_LIMIT, MSG_DONTWAIT);
        read_all += n > 0 ? (guint64)n : 0;
    } while (n > 0);
    assert_int_equal(read_all, accepted);
    gboolean more;
    do {
        more = stream_send(s, chunk, 10000);
    } while (more);
    stream_discard(s);
    assert_true(stream_send(s, chunk, 10000));
    stream_free(s);
    close(fds[1]);
}

static void drain(void **state)
{
    (void)state;
    int fds[2];
    g_autoptr(GString) heard = g_string_new(NULL);
    const struct stream_calls calls = {.data = on_data, .user = heard};
    assert_int_equal(pipe(fds), 0);
    stream *s = stream_new(fds[0], &calls);
    assert_int_equal(write(fds[1], "last words", 10), 10);
    close(fds[1]);
    stream_drain(s);
    assert_string_equal(heard->str, "last words");
    stream_free(s);
}

static void names(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strnfill(120, 'n');
    assert_int_equal(channel_listen(dir, name, &error), -1);
    assert_error_says(error, INGOT_EXIT_HOST, "the system allows 107 bytes");
    g_clear_error(&error);
    assert_int_equal(channel_listen("/nonexistent", "x", &error), -1);
    assert_error_says(error, INGOT_EXIT_HOST, "/nonexistent/x");
    g_clear_error(&error);
    int first = channel_listen(dir, "x", &error);
    assert_no_error(error);
    int second = channel_listen(dir, "x", &error); /* one that a dead build left */
    assert_no_error(error);
    close(first);
    close(second);
}

/* ---- the relay ---- */

static int attach(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_autofree char *path = g_build_filename(dir, "attach", NULL);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(g_strlcpy(address.sun_path, path, sizeof address.sun_path) > 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    settle();
    return fd;
}

static char *seen(int fd)
{
    GString *text = g_string_new(NULL);
    char chunk[65536];
    ssize_t n;
    do {
        settle();
        n = recv(fd, chunk, sizeof chunk, MSG_DONTWAIT);
        g_string_append_len(text, chunk, MAX(n, 0));
    } while (n > 0);
    return g_string_free(text, FALSE);
}

static void to_everybody(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) typed = g_string_new(NULL);
    relay *r = relay_new(dir, on_data, typed, &error);
    assert_no_error(error);
    relay_send(r, "before ", 7);
    int a = attach(), b = attach();
    relay_send(r, "now", 3);
    g_autofree char *of_a = seen(a), *of_b = seen(b);
    assert_string_equal(of_a, "before now");
    assert_string_equal(of_b, "before now");
    assert_int_equal(write(a, "1", 1), 1);
    settle();
    assert_int_equal(write(b, "2", 1), 1);
    settle();
    assert_string_equal(typed->str, "12");
    close(a);
    settle();
    relay_send(r, "!", 1);
    g_autofree char *rest = seen(b);
    assert_string_equal(rest, "!");
    close(b);
    relay_free(r);
    g_autofree char *path = g_build_filename(dir, "attach", NULL);
    assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

/* Somebody who stops reading gets a gap; the other misses nothing. */
static void slow_reader(void **state)
{
    (void)state;
    g_autoptr(GString) typed = g_string_new(NULL);
    relay *r = relay_new(dir, on_data, typed, NULL);
    int slow = attach(), quick = attach();
    g_autofree char *chunk = g_strnfill(16384, 'y');
    for (int i = 0; i < 100; i++) {
        relay_send(r, chunk, 16384);
        g_autofree char *now = seen(quick);
        assert_int_equal(strlen(now), 16384);
    }
    relay_send(r, "end", 3);
    g_autofree char *late = seen(slow);
    assert_non_null(strstr(late, "output dropped"));
    assert_true(g_str_has_suffix(late, "end"));
    assert_true(strlen(late) < 100 * 16384);
    close(slow);
    close(quick);
    relay_free(r);
}

/* More people than there is room for are sent away, and later ones are shown a little only. */
static void bounded(void **state)
{
    (void)state;
    g_autoptr(GString) typed = g_string_new(NULL);
    relay *r = relay_new(dir, on_data, typed, NULL);
    g_autofree char *much = g_strnfill(100000, 'z');
    int fds[17];
    char byte;
    relay_send(r, much, 100000);
    for (gsize i = 0; i < G_N_ELEMENTS(fds); i++)
        fds[i] = attach();
    g_autofree char *recent = seen(fds[0]);
    assert_true(strlen(recent) > 0 && strlen(recent) <= 4096);
    assert_int_equal(recv(fds[16], &byte, 1, MSG_DONTWAIT), 0);
    for (gsize i = 0; i < G_N_ELEMENTS(fds); i++)
        close(fds[i]);
    settle();
    int again = attach();
    relay_send(r, "?", 1);
    g_autofree char *text = seen(again);
    assert_true(g_str_has_suffix(text, "?"));
    close(again);
    relay_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways), cmocka_unit_test(backlog),      cmocka_unit_test(drain),
        cmocka_unit_test(names),     cmocka_unit_test(to_everybody), cmocka_unit_test(slow_reader),
        cmocka_unit_test(bounded)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
