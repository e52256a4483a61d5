/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "base/spawn.h"

#include <string.h>

static void output(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *out = NULL;
    assert_true(spawn_run((const char *const[]){"printf", "%s", "a b", NULL}, NULL, &out, &error));
    assert_string_equal(out, "a b");
}

/* Of the caller's environment a program gets what is on the list, and what it is given. */
static void environment(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *out = NULL;
    const char *const extra[] = {"GIVEN=1", NULL};
    const struct spawn_options options = {.env = extra};
    assert_true(g_setenv("SECRET_TOKEN", "hunter2", TRUE));
    assert_true(g_setenv("LIBGUESTFS_NOT_FOR_ALL", "1", TRUE));
    assert_true(g_setenv("LC_NUMERIC", "C", TRUE));
    assert_true(spawn_run((const char *const[]){"env", NULL}, &options, &out, &error));
    g_auto(GStrv) lines = g_strsplit(out, "\n", -1);
    const char *const *all = (const char *const *)lines;
    assert_true(g_strv_contains(all, "LC_NUMERIC=C"));
    assert_true(g_strv_contains(all, "GIVEN=1"));
    assert_null(strstr(out, "SECRET_TOKEN"));
    assert_null(strstr(out, "LIBGUESTFS"));
    assert_non_null(strstr(out, "PATH="));
}

static void input(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *out = NULL;
    gsize size = 1u << 20; /* more than a pipe holds, both ways at once */
    g_autofree char *text = g_strnfill(size, 'x');
    g_autoptr(GBytes) bytes = g_bytes_new(text, size);
    struct spawn_options options = {.input = bytes};
    assert_true(spawn_run((const char *const[]){"cat", NULL}, &options, &out, &error));
    assert_string_equal(out, text);
}

/* What is progress is told by the tests of base/watch.h. */
static void stands_still(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    const struct spawn_options options = {.still = 1};
    gint64 began = g_get_monotonic_time();
    assert_false(spawn_run((const char *const[]){"sleep", "60", NULL}, &options, NULL, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "sleep was stopped: it made no progress for 1.0 s");
    assert_true(g_get_monotonic_time() - began < 30 * G_USEC_PER_SEC);
}

static void failure_tells_stderr(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    const char *const argv[] = {"ls", "/no/such/directory", NULL};
    assert_false(spawn_run(argv, NULL, NULL, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "/no/such/directory");
}

static void absent_program(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    assert_false(
        spawn_run((const char *const[]){"no-such-program-here", NULL}, NULL, NULL, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "cannot start no-such-program-here");
    assert_non_null(ingot_error_hint(error));
}

static void add_line(const char *line, gpointer data)
{
    g_string_append_printf(data, "[%s]", line);
}

static void lines(void **state)
{
    (void)state;
    GString *seen = g_string_new(NULL);
    struct spawn_options options = {.on_line = add_line, .data = seen};
    assert_true(
        spawn_run((const char *const[]){"printf", "a\rb\n\nc", NULL}, &options, NULL, NULL));
    assert_string_equal(seen->str, "[a][b][c]");
    g_string_free(seen, TRUE);
}

static gpointer cancel_it(gpointer cancel)
{
    g_cancellable_cancel(cancel);
    return NULL;
}

static void cancelled(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    struct spawn_options options = {.cancel = cancel};
    gint64 began = g_get_monotonic_time();
    GThread *other = g_thread_new("cancel", cancel_it, cancel);
    assert_false(spawn_run((const char *const[]){"sleep", "60", NULL}, &options, NULL, &error));
    g_thread_join(other);
    assert_error_says(error, INGOT_EXIT_INTERRUPTED, "");
    assert_true(g_get_monotonic_time() - began < 20 * G_USEC_PER_SEC);
}

static void quoting(void **state)
{
    (void)state;
    const char *const argv[] = {"a", "b c", "d'e", "$x", "", "f=g,h", NULL};
    g_autofree char *line = spawn_quote(argv);
    g_auto(GStrv) back = NULL;
    assert_true(g_shell_parse_argv(line, NULL, &back, NULL));
    for (gsize i = 0; argv[i]; i++)
        assert_string_equal(back[i], argv[i]);
    assert_non_null(strstr(line, " f=g,h"));
}

/* A program of the administrator is found although the PATH does not have it. */
static void finds(void **state)
{
    (void)state;
    g_autofree char *before = g_strdup(g_getenv("PATH"));
    g_autofree char *shell = spawn_find("sh");
    g_autofree char *no = spawn_find("no-such-program-7");
    g_autofree char *path = spawn_find("/bin/sh");
    g_setenv("PATH", "/nowhere", TRUE);
    g_autofree char *mke2fs = spawn_find("mke2fs");
    g_autofree char *still = spawn_find("sh");
    g_setenv("PATH", before, TRUE);
    assert_non_null(shell);
    assert_null(no);
    assert_string_equal(path, "/bin/sh");
    assert_string_equal(mke2fs, "/usr/sbin/mke2fs");
    assert_null(still);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds),
                                       cmocka_unit_test(output),
                                       cmocka_unit_test(environment),
                                       cmocka_unit_test(input),
                                       cmocka_unit_test(failure_tells_stderr),
                                       cmocka_unit_test(absent_program),
                                       cmocka_unit_test(lines),
                                       cmocka_unit_test(cancelled),
                                       cmocka_unit_test(stands_still),
                                       cmocka_unit_test(quoting)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
