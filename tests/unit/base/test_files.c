/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "base/files.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int setup(void **state)
{
    *state = files_temp_dir(g_get_tmp_dir(), "ingot-files", NULL);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    files_remove_tree(*state);
    int there = g_file_test(*state, G_FILE_TEST_EXISTS);
    g_free(*state);
    return there;
}

static void removal_follows_no_link(void **state)
{
    g_autofree char *keep = g_build_filename(*state, "keep", NULL);
    g_autofree char *tree = g_build_filename(*state, "tree/deep", NULL);
    g_autofree char *top = g_build_filename(*state, "tree", NULL);
    g_autofree char *link_path = g_build_filename(tree, "link", NULL);
    assert_true(g_file_set_contents(keep, "x", 1, NULL));
    assert_true(files_mkdir(tree, FALSE, NULL));
    assert_int_equal(symlink(*state, link_path), 0);
    files_remove_tree(top);
    assert_false(g_file_test(top, G_FILE_TEST_EXISTS));
    assert_true(g_file_test(keep, G_FILE_TEST_EXISTS));
    files_remove_tree(top);
    files_remove_tree(NULL);
}

static void reads_and_limits(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(*state, "f", NULL);
    gsize length = 0;
    assert_true(files_write_atomic(path, "a\0b", 3, 0600, NULL));
    g_autofree char *text = files_read(path, 3, &length, &error);
    assert_int_equal(length, 3);
    assert_memory_equal(text, "a\0b", 4);
    assert_null(files_read(path, 2, NULL, &error));
    assert_error_says(error, INGOT_EXIT_FAILURE, "larger than");
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

/* A file with two names takes its room once. */
static void usage(void **state)
{
    g_autofree char *dir = g_build_filename(*state, "usage", NULL);
    g_autofree char *one = g_build_filename(dir, "one", NULL);
    g_autofree char *two = g_build_filename(dir, "two", NULL);
    g_autofree char *text = g_strnfill(100000, 'x');
    assert_int_equal(files_usage(dir), 0);
    assert_true(files_mkdir(dir, FALSE, NULL));
    assert_true(files_write_atomic(one, text, -1, 0600, NULL));
    guint64 before = files_usage(dir);
    assert_true(before >= 100000);
    assert_int_equal(link(one, two), 0);
    assert_int_equal(files_usage(dir), before);
}

static gpointer take(gpointer path)
{
    return GINT_TO_POINTER(files_lock(path, NULL, NULL));
}

static void lock_waits(void **state)
{
    g_autofree char *path = g_build_filename(*state, "lock", NULL);
    int first = files_lock(path, NULL, NULL);
    assert_true(first >= 0);
    assert_int_equal(files_try_lock(path), -1);
    GThread *other = g_thread_new("other", take, path);
    files_unlock(first);
    int second = GPOINTER_TO_INT(g_thread_join(other));
    assert_true(second >= 0);
    assert_int_equal(files_try_lock(path), -1);
    files_unlock(second);
    int third = files_try_lock(path);
    assert_true(third >= 0);
    files_unlock(third);
}

static void lock_is_cancelled(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_autofree char *path = g_build_filename(*state, "lock2", NULL);
    int first = files_lock(path, NULL, NULL);
    g_cancellable_cancel(cancel);
    assert_int_equal(files_lock(path, cancel, &error), -1);
    assert_error_says(error, INGOT_EXIT_INTERRUPTED, "");
    files_unlock(first);
}

static void lock_refuses_a_link(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(*state, "lock3", NULL);
    assert_int_equal(symlink("elsewhere", path), 0);
    assert_int_equal(files_lock(path, NULL, &error), -1);
    assert_non_null(error);
}

/* What would be written at the end of long work is refused at once when it cannot be. */
static void targets(void **state)
{
    static const char *const bad[] = {"no/such/dir/report.html", ".", "file/report.html", "fifo",
                                      "sub/"};
    g_autofree char *file = g_build_filename(*state, "file", NULL);
    g_autofree char *fifo = g_build_filename(*state, "fifo", NULL);
    assert_true(g_file_set_contents(file, "x", 1, NULL));
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_true(files_check_target("--report", file, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = g_strconcat(*state, "/", bad[i], NULL);
        assert_false(files_check_target("--report", path, &error));
        assert_error_says(error, INGOT_EXIT_USAGE, "--report: ");
    }
    assert_true(files_check_target("--report", "report.html", NULL)); /* here */
    assert_false(files_check_target("--report", "", NULL));
}

/* What the dead have left goes, with a lock file and without; what lives stays. */
static void dead_directories_go(void **state)
{
    int first, second;
    g_autofree char *parent = g_build_filename(*state, "live", NULL);
    g_autofree char *alive = files_live_dir(parent, "a", &first, NULL);
    g_autofree char *killed = g_build_filename(parent, "a-killed", NULL);
    g_autofree char *earlier = g_build_filename(parent, "a-123", NULL);
    g_autofree char *lock_path = g_build_filename(killed, "lock", NULL);
    assert_int_equal(g_mkdir(killed, 0700) | g_mkdir(earlier, 0700), 0);
    assert_true(g_file_set_contents(lock_path, "", 0, NULL));
    assert_true(files_dir_is_live(alive));
    assert_false(files_dir_is_live(killed));
    g_autofree char *other = files_live_dir(parent, "a", &second, NULL);
    assert_string_not_equal(alive, other);
    assert_true(g_file_test(alive, G_FILE_TEST_IS_DIR));
    assert_false(g_file_test(killed, G_FILE_TEST_EXISTS));
    assert_false(g_file_test(earlier, G_FILE_TEST_EXISTS));
    files_unlock(first);
    files_unlock(second);
    assert_false(files_dir_is_live(alive));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(removal_follows_no_link),
                                       cmocka_unit_test(reads_and_limits),
                                       cmocka_unit_test(usage),
                                       cmocka_unit_test(dead_directories_go),
                                       cmocka_unit_test(targets),
                                       cmocka_unit_test(lock_waits),
                                       cmocka_unit_test(lock_is_cancelled),
                                       cmocka_unit_test(lock_refuses_a_link)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
