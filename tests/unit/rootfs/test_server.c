/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree_support.h"

#include "rootfs/message.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A server that something in the tree has taken over.  This program is that server when it is
 * started as one; the file "mode" in the tree says what it does after its greeting. */

static const struct message_peer client = {MESSAGE_DESCRIPTOR, NULL};

static void reply(const struct message_reply *r)
{
    g_autoptr(GBytes) bytes = message_encode_reply(r);
    if (message_send(&client, bytes, -1) != MESSAGE_GOOD)
        _exit(2);
}

static void reply_raw(guint32 length, const void *data, gsize size)
{
    if (write(MESSAGE_DESCRIPTOR, &length, sizeof length) < 0 ||
        (size && write(MESSAGE_DESCRIPTOR, data, size) < 0))
        _exit(2);
}

static void answer_badly(const char *mode)
{
    static const char *const up[] = {"..", NULL}, *const deep[] = {"a/b", NULL};
    g_autofree char *large = g_strnfill(MESSAGE_DATA, 'x');
    g_autoptr(GBytes) data = g_bytes_new_static(large, MESSAGE_DATA);
    if (g_str_equal(mode, "crash")) {
        g_printerr("something \033[31mbad\n");
        raise(SIGKILL);
    } else if (g_str_equal(mode, "large")) {
        reply_raw(0xffffffff, NULL, 0);
    } else if (g_str_equal(mode, "cut")) {
        reply_raw(100, "some", 4);
        _exit(3);
    } else if (g_str_equal(mode, "noise")) {
        reply_raw(64, large, 64);
    } else if (g_str_equal(mode, "up")) {
        reply(&(struct message_reply){.names = up});
    } else if (g_str_equal(mode, "deep")) {
        reply(&(struct message_reply){.names = deep});
    } else if (g_str_equal(mode, "data")) {
        reply(&(struct message_reply){.data = data});
    } else if (g_str_equal(mode, "escape")) {
        reply(&(struct message_reply){.code = ENOENT, .text = "\033]0;owned\007"});
    } else if (g_str_equal(mode, "nothing")) {
        reply(&(struct message_reply){0});
    } /* else it hangs */
}

static int serve_badly(const char *root)
{
    g_autofree char *path = g_build_filename(root, "mode", NULL);
    g_autofree char *mode = NULL;
    if (!g_file_get_contents(path, &mode, NULL, NULL))
        return 1;
    if (g_str_equal(mode, "dead"))
        return 5;
    for (guint n = 0;; n++) {
        g_autoptr(GBytes) bytes = NULL;
        int fd;
        if (message_receive(&client, &bytes, &fd) != MESSAGE_GOOD)
            return 0;
        if (n == 0)
            reply(
                &(struct message_reply){.text = g_str_equal(mode, "old") ? "0.0" : INGOT_VERSION});
        else
            answer_badly(mode);
    }
}

/* A tree whose server is this program. */
static tree *open_bad(const char *mode, GCancellable *cancel, GError **error)
{
    tree_close(tree_new());
    struct tree_spec spec = tree_spec_of(NULL);
    g_autoptr(tree) good = tree_open(&spec, NULL, error);
    assert_non_null(good);
    tree_text(good, "/mode", mode);
    g_clear_pointer(&good, tree_close);
    spec.program = NULL;
    return tree_open(&spec, cancel, error);
}

static void assert_ends(const char *mode, const char *says)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(tree) t = open_bad(mode, NULL, &error);
    assert_no_error(error);
    g_auto(GStrv) names = tree_list(t, "/", &error);
    assert_null(names);
    assert_error_says(error, INGOT_EXIT_SEAL, says);
    assert_int_equal(tree_errno(error), 0);
    g_clear_error(&error);
    assert_false(tree_mkdirs(t, "/a", &error));
    assert_error_says(error, INGOT_EXIT_SEAL, " is gone");
}

static void a_dead_server_is_an_error(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    assert_null(open_bad("dead", NULL, &error));
    assert_error_says(error, INGOT_EXIT_SEAL, "has ended (exit code 5)");
    assert_ends("crash", "has ended (signal 9): something ");
    assert_ends("cut", "has ended (exit code 3)");
}

static void bad_replies_end_the_server(void **state)
{
    (void)state;
    assert_ends("large", "broke the protocol");
    assert_ends("noise", "broke the protocol");
    assert_ends("up", "broke the protocol");
    assert_ends("deep", "broke the protocol");
}

static void replies_are_what_was_asked_for(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(tree) t = open_bad("data", NULL, &error);
    assert_null(tree_read(t, "/mode", 0, 10, &error));
    assert_error_says(error, INGOT_EXIT_SEAL, "broke the protocol");
    g_clear_error(&error);
    g_autoptr(tree) other = open_bad("nothing", NULL, &error);
    struct tree_stat info;
    assert_false(tree_stat(other, "/", FALSE, &info, &error));
    assert_error_says(error, INGOT_EXIT_SEAL, "broke the protocol");
    g_clear_error(&error);
    static const char *const names[] = {"a", NULL};
    g_autoptr(tree) third = open_bad("nothing", NULL, &error);
    assert_null(tree_stat_list(third, "/", names, &error));
    assert_error_says(error, INGOT_EXIT_SEAL, "broke the protocol");
}

static void messages_are_printable(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(tree) t = open_bad("escape", NULL, &error);
    assert_false(tree_mkdirs(t, "/a", &error));
    assert_null(strchr(error->message, '\033'));
    assert_int_equal(tree_errno(error), ENOENT);
}

static void another_version_is_refused(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    assert_null(open_bad("old", NULL, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "replaced by another version");
}

static gpointer cancel_it(gpointer cancel)
{
    g_cancellable_cancel(cancel);
    return NULL;
}

static void cancel_ends_a_call(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_autoptr(tree) t = open_bad("hang", cancel, &error);
    assert_no_error(error);
    GThread *thread = g_thread_new("cancel", cancel_it, cancel);
    assert_false(tree_mkdirs(t, "/a", &error));
    g_thread_join(thread);
    assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    g_clear_error(&error);
    assert_false(tree_mkdirs(t, "/a", &error));
    assert_error_says(error, INGOT_EXIT_SEAL, " is gone");
}

/* A stream that nobody reads: the real server waits in write(2). */
static void cancel_ends_a_stream(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    tree_close(tree_new());
    const struct tree_spec spec = tree_spec_of(NULL);
    g_autoptr(tree) t = tree_open(&spec, cancel, &error);
    assert_no_error(error);
    tree_shell(t, "head -c 3000000 /dev/urandom >large");
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    GThread *thread = g_thread_new("cancel", cancel_it, cancel);
    assert_false(tree_send(t, "/", NULL, ends[1], &error));
    g_thread_join(thread);
    assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    close(ends[0]);
}

/* What it may do in the sandbox. */
static void the_server_has_few_rights(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(tree) t = tree_new();
    assert_null(tree_read(t, "/proc/self/status", 0, 10, &error));
    assert_int_equal(tree_errno(error), ENOENT);
    g_clear_error(&error);
    g_auto(GStrv) names = tree_glob(t, "/*", &error);
    assert_int_equal(g_strv_length(names), 0);
    g_auto(GStrv) host = tree_glob(t, "/../../../*", &error);
    assert_int_equal(g_strv_length(host), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dead_server_is_an_error),
        cmocka_unit_test(bad_replies_end_the_server),
        cmocka_unit_test(replies_are_what_was_asked_for),
        cmocka_unit_test(messages_are_printable),
        cmocka_unit_test(another_version_is_refused),
        cmocka_unit_test(cancel_ends_a_call),
        cmocka_unit_test(cancel_ends_a_stream),
        cmocka_unit_test(the_server_has_few_rights),
    };
    if (argc == 2 && g_str_has_suffix(argv[0], TREE_SERVER))
        _exit(serve_badly(argv[1])); /* a sandbox is no place to look for leaks */
    if (trees_begin("server") != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, trees_end);
}
