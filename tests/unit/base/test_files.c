/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "base/files.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
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

/* Only what has an end is read, unless the caller's own descriptor is meant. */
static void reads_regular_files(void **state)
{
    int ends[2];
    g_autofree char *fifo = g_build_filename(*state, "pipe", NULL);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    const char *const bad[] = {fifo, "/dev/zero", *state};
    (void)alarm(60); /* a pipe that nobody writes to */
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(files_read(bad[i], 100, NULL, &error));
        assert_non_null(strstr(error->message, bad[i]));
    }
    (void)alarm(0);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "name", 4), 4);
    close(ends[1]);
    g_autofree char *path = g_strdup_printf("/dev/fd/%d", ends[0]);
    g_autofree char *text = files_read(path, 100, NULL, NULL);
    assert_string_equal(text, "name");
    close(ends[0]);
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

/* A directory below parent with a file in it (NULL: empty), as a process that died has left it. */
static char *left_behind(const char *parent, const char *name, guint mode, const char *file)
{
    char *path = g_build_filename(parent, name, NULL);
    assert_int_equal(g_mkdir_with_parents(path, 0700), 0);
    if (file) {
        g_autofree char *inner = g_build_filename(path, file, NULL);
        assert_true(g_file_set_contents(inner, "", 0, NULL));
    }
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static gboolean goes(const char *parent, const char *name, guint mode, const char *file)
{
    g_autofree char *path = left_behind(parent, name, mode, file);
    int lock;
    g_autofree char *mine = files_live_dir_of(parent, "a", &lock, NULL);
    assert_non_null(mine);
    gboolean gone = !g_file_test(path, G_FILE_TEST_EXISTS);
    files_remove_tree(mine);
    files_unlock(lock);
    files_remove_tree(path);
    return gone;
}

/* What the dead have left goes; what lives stays. */
static void dead_directories_go(void **state)
{
    int first, second;
    g_autofree char *parent = g_build_filename(*state, "live", NULL);
    g_autofree char *alive = files_live_dir(parent, "a", &first, NULL);
    g_autofree char *killed = left_behind(parent, "b-killed", 0700, "lock");
    assert_true(files_dir_is_live(alive));
    assert_false(files_dir_is_live(killed));
    g_autofree char *other = files_live_dir(parent, "a", &second, NULL);
    assert_string_not_equal(alive, other);
    assert_true(g_file_test(alive, G_FILE_TEST_IS_DIR));
    assert_false(g_file_test(killed, G_FILE_TEST_EXISTS));
    files_unlock(first);
    assert_false(files_dir_is_live(alive));
    files_clear_dead(parent);
    assert_false(g_file_test(alive, G_FILE_TEST_EXISTS));
    assert_true(g_file_test(other, G_FILE_TEST_IS_DIR));
    files_unlock(second);
}

/* Beside a file of the user there may be directories of the user. */
static void what_is_not_ours_stays(void **state)
{
    g_autofree char *parent = g_build_filename(*state, "theirs", NULL);
    assert_true(goes(parent, "a-killed", 0700, "lock"));
    assert_true(goes(parent, "a-killed", 0700, NULL)); /* before it was locked */
    assert_false(goes(parent, "a-killed", 0700, "holiday.jpg"));
    assert_false(goes(parent, "a-killed", 0755, "lock"));
    assert_false(goes(parent, "a-12345", 0700, "lock"));
    assert_false(goes(parent, "a-1234567", 0700, "lock"));
    assert_false(goes(parent, "a-12 456", 0700, "lock"));
    assert_false(goes(parent, "a-b-killed", 0700, "lock"));
    assert_false(goes(parent, "b-killed", 0700, "lock"));
    if (geteuid() != 0)
        return; /* only root can give a directory away */
    g_autofree char *given = left_behind(parent, "a-killed", 0700, "lock");
    assert_int_equal(chown(given, 4321, 4321), 0);
    assert_false(goes(parent, "a-another", 0700, "lock"));
    assert_true(g_file_test(given, G_FILE_TEST_EXISTS));
}

static void a_link_to_a_dead_directory_stays(void **state)
{
    int lock;
    g_autofree char *parent = g_build_filename(*state, "links", NULL);
    g_autofree char *real = left_behind(*state, "elsewhere", 0700, "lock");
    g_autofree char *name = g_build_filename(parent, "a-linked", NULL);
    g_autofree char *kept = g_build_filename(real, "lock", NULL);
    assert_int_equal(g_mkdir(parent, 0755), 0);
    assert_int_equal(symlink(real, name), 0);
    g_autofree char *mine = files_live_dir_of(parent, "a", &lock, NULL);
    assert_non_null(mine);
    assert_true(g_file_test(kept, G_FILE_TEST_EXISTS));
    assert_true(g_file_test(name, G_FILE_TEST_IS_SYMLINK));
    files_unlock(lock);
}

/* Whoever can open a directory can lock it, for ever. */
static void a_locked_parent_does_not_hang(void **state)
{
    int lock;
    g_autofree char *parent = g_build_filename(*state, "held", NULL);
    assert_int_equal(g_mkdir(parent, 0755), 0);
    int held = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(flock(held, LOCK_EX), 0);
    (void)alarm(20); /* ends the program */
    g_autofree char *mine = files_live_dir_of(parent, "a", &lock, NULL);
    (void)alarm(0);
    assert_non_null(mine);
    assert_true(files_dir_is_live(mine));
    files_unlock(lock);
    close(held);
}

static gpointer make_live_dirs(gpointer parent)
{
    gsize lost = 0;
    for (guint i = 0; i < 200; i++) {
        int lock;
        g_autofree char *mine = files_live_dir(parent, "a", &lock, NULL);
        lost += !mine || !files_dir_is_live(mine);
        files_remove_tree(mine);
        files_unlock(lock);
    }
    return GSIZE_TO_POINTER(lost);
}

/* Nobody loses a directory to another who clears after the dead, between mkdir and lock or later.
 */
static void live_directories_are_not_lost(void **state)
{
    GThread *threads[4];
    g_autofree char *parent = g_build_filename(*state, "race", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("live", make_live_dirs, parent);
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        assert_int_equal(GPOINTER_TO_SIZE(g_thread_join(threads[i])), 0);
    assert_int_equal(rmdir(parent), 0);
}

/* Killed while it removed its directory, a process has left the lock: that goes last. */
static void the_lock_goes_last(void **state)
{
    g_autofree char *dir = left_behind(*state, "last", 0700, "lock");
    g_autofree char *lock_path = g_build_filename(dir, "lock", NULL);
    g_autofree char *sub = g_build_filename(dir, "sub", NULL);
    assert_int_equal(g_mkdir(sub, 0700), 0);
    int fd = inotify_init1(IN_CLOEXEC);
    assert_true(inotify_add_watch(fd, dir, IN_DELETE) >= 0);
    for (guint i = 0; i < 20; i++) {
        g_autofree char *file = g_strdup_printf("%s/%u", dir, i);
        assert_true(g_file_set_contents(file, "", 0, NULL));
    }
    files_remove_tree(dir);
    char events[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t n = read(fd, events, sizeof events);
    const char *last = "";
    for (ssize_t at = 0; at < n;) {
        const struct inotify_event *e = (const struct inotify_event *)(void *)(events + at);
        if ((e->mask & IN_DELETE) && e->len)
            last = e->name;
        at += (ssize_t)(sizeof *e + e->len);
    }
    close(fd);
    assert_string_equal(last, "lock");
    assert_false(g_file_test(dir, G_FILE_TEST_EXISTS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(removal_follows_no_link),
                                       cmocka_unit_test(reads_and_limits),
                                       cmocka_unit_test(usage),
                                       cmocka_unit_test(dead_directories_go),
                                       cmocka_unit_test(what_is_not_ours_stays),
                                       cmocka_unit_test(a_link_to_a_dead_directory_stays),
                                       cmocka_unit_test(a_locked_parent_does_not_hang),
                                       cmocka_unit_test(live_directories_are_not_lost),
                                       cmocka_unit_test(the_lock_goes_last),
                                       cmocka_unit_test(reads_regular_files),
                                       cmocka_unit_test(targets),
                                       cmocka_unit_test(lock_waits),
                                       cmocka_unit_test(lock_is_cancelled),
                                       cmocka_unit_test(lock_refuses_a_link)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
