/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree_support.h"

#include <errno.h>
#include <sys/stat.h>

static void files(void **state)
{
    (void)state;
    g_autoptr(tree) t = tree_new();
    g_autoptr(GError) error = NULL;
    assert_true(tree_mkdirs(t, "/etc/a/b", &error));
    assert_true(tree_mkdirs(t, "/etc/a/b", &error));
    tree_text(t, "/etc/a/file", "hello\n");
    assert_tree_text(t, "/etc/a/file", "hello\n");
    struct tree_stat info = tree_look(t, "/etc/a/file");
    assert_int_equal(info.mode, S_IFREG | 0644);
    assert_int_equal(info.size, 6);
    assert_int_equal(info.uid, 0);
    assert_int_equal(info.links, 1);
    assert_true(tree_chown(t, "/etc/a/file", 1000, 42, &error));
    assert_true(tree_chmod(t, "/etc/a/file", 04750, &error));
    tree_text(t, "/etc/a/file", "");
    info = tree_look(t, "/etc/a/file");
    assert_int_equal(info.mode & 0777, 0750);
    assert_int_equal(info.uid, 1000);
    assert_int_equal(info.gid, 42);
    assert_int_equal(info.size, 0);
    assert_int_equal(tree_look(t, "/none").mode, 0);
    assert_int_equal(tree_look(t, "/etc/a/file/below").mode, 0);
}

static void large_files_go_in_pieces(void **state)
{
    (void)state;
    g_autoptr(tree) t = tree_new();
    g_autoptr(GError) error = NULL;
    gsize size = (5u << 20) / 2;
    g_autofree char *data = g_malloc(size);
    for (gsize i = 0; i < size; i++)
        data[i] = (char)(i * 7 / 5);
    assert_true(tree_write(t, "/large", data, size, &error));
    assert_no_error(error);
    g_autoptr(GBytes) all = tree_read(t, "/large", 0, 8u << 20, &error);
    assert_no_error(error);
    assert_int_equal(g_bytes_get_size(all), size);
    assert_memory_equal(g_bytes_get_data(all, NULL), data, size);
    g_autoptr(GBytes) part = tree_read(t, "/large", size - 10, 100, &error);
    assert_int_equal(g_bytes_get_size(part), 10);
    g_autoptr(GBytes) none = tree_read(t, "/large", size + 10, 100, &error);
    assert_int_equal(g_bytes_get_size(none), 0);
    assert_true(tree_truncate(t, "/large", &error));
    assert_int_equal(tree_look(t, "/large").size, 0);
}

static void names_and_patterns(void **state)
{
    (void)state;
    static const char *const asked[] = {"b", "none", "a", NULL};
    g_autoptr(tree) t = tree_new();
    g_autoptr(GError) error = NULL;
    assert_true(tree_mkdirs(t, "/d/b", &error));
    tree_text(t, "/d/a", "12");
    tree_text(t, "/d/c", "");
    assert_true(tree_symlink(t, "/d/b", "/d/link", FALSE, &error));
    g_auto(GStrv) names = tree_list(t, "/d", &error);
    assert_no_error(error);
    g_autofree char *all = g_strjoinv(" ", names);
    assert_string_equal(all, "a b c link");
    g_auto(GStrv) found = tree_glob(t, "/{d/[a-b],d/lin*,none*}", &error);
    g_autofree char *globbed = g_strjoinv(" ", found);
    assert_string_equal(globbed, "/d/a /d/b/ /d/link/");
    g_auto(GStrv) nothing = tree_glob(t, "/x*", &error);
    assert_int_equal(g_strv_length(nothing), 0);
    g_autoptr(GArray) stats = tree_stat_list(t, "/d", asked, &error);
    assert_no_error(error);
    assert_int_equal(stats->len, 3);
    assert_true(S_ISDIR(g_array_index(stats, struct tree_stat, 0).mode));
    assert_int_equal(g_array_index(stats, struct tree_stat, 1).mode, 0);
    assert_int_equal(g_array_index(stats, struct tree_stat, 2).size, 2);
}

static void links_stay_in_the_tree(void **state)
{
    (void)state;
    g_autoptr(tree) t = tree_new();
    g_autoptr(GError) error = NULL;
    struct tree_stat info;
    assert_true(tree_mkdirs(t, "/etc", &error));
    assert_true(tree_symlink(t, "/etc/mine", "/abs", FALSE, &error));
    assert_true(tree_symlink(t, "../../../../../etc/mine", "/etc/up", FALSE, &error));
    assert_true(tree_symlink(t, "loop", "/loop", FALSE, &error));
    tree_text(t, "/abs", "x"); /* makes what the link leads to */
    assert_tree_text(t, "/etc/mine", "x");
    assert_tree_text(t, "/etc/up", "x");
    assert_tree_text(t, "/../../etc/mine", "x");
    g_autofree char *target = tree_readlink(t, "/etc/up", &error);
    assert_string_equal(target, "../../../../../etc/mine");
    assert_true(tree_stat(t, "/abs", TRUE, &info, &error));
    assert_true(S_ISREG(info.mode));
    assert_true(S_ISLNK(tree_look(t, "/abs").mode));
    assert_true(tree_stat(t, "/loop", TRUE, &info, &error));
    assert_int_equal(info.mode, 0);
    assert_true(tree_symlink(t, "other", "/abs", TRUE, &error));
    assert_false(tree_symlink(t, "other", "/abs", FALSE, &error));
    assert_int_equal(tree_errno(error), EEXIST);
    g_clear_error(&error);
    assert_false(tree_symlink(t, "other", "/etc", TRUE, &error));
    assert_int_equal(tree_errno(error), EISDIR);
}

static void removes_trees_and_no_targets(void **state)
{
    (void)state;
    g_autoptr(tree) t = tree_new();
    g_autoptr(GError) error = NULL;
    assert_true(tree_mkdirs(t, "/d/e/f", &error));
    assert_true(tree_mkdirs(t, "/kept", &error));
    tree_text(t, "/kept/file", "1");
    tree_text(t, "/d/e/f/file", "1");
    assert_true(tree_symlink(t, "/kept", "/d/e/link", FALSE, &error));
    assert_false(tree_unlink(t, "/d", FALSE, &error));
    assert_int_equal(tree_errno(error), EISDIR);
    g_clear_error(&error);
    assert_true(tree_unlink(t, "/d", TRUE, &error));
    assert_no_error(error);
    assert_int_equal(tree_look(t, "/d").mode, 0);
    assert_tree_text(t, "/kept/file", "1");
    assert_true(tree_unlink(t, "/d", TRUE, &error));
    assert_true(tree_unlink(t, "/d/x", FALSE, &error));
    assert_true(tree_unlink(t, "/kept/file", FALSE, &error));
    assert_int_equal(tree_look(t, "/kept/file").mode, 0);
}

/* A FIFO would never answer. */
static void opens_regular_files_only(void **state)
{
    (void)state;
    g_autoptr(tree) t = tree_new();
    g_autoptr(GError) error = NULL;
    tree_shell(t, "mkfifo fifo && ln -s fifo link && mkdir dir");
    const char *const paths[] = {"/fifo", "/link", "/dir"};
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        int code = strcmp(paths[i], "/dir") == 0 ? EISDIR : EINVAL;
        assert_null(tree_read(t, paths[i], 0, 10, &error));
        assert_int_equal(tree_errno(error), code);
        g_clear_error(&error);
        assert_false(tree_write(t, paths[i], "x", 1, &error));
        assert_int_equal(tree_errno(error), code);
        g_clear_error(&error);
        assert_false(tree_truncate(t, paths[i], &error));
        assert_int_equal(tree_errno(error), code);
        g_clear_error(&error);
    }
}

static void absence_is_told_from_other_errors(void **state)
{
    (void)state;
    g_autoptr(tree) t = tree_new();
    g_autoptr(GError) error = NULL;
    assert_null(tree_read(t, "/none", 0, 10, &error));
    assert_int_equal(tree_errno(error), ENOENT);
    assert_int_equal(ingot_error_exit(error, INGOT_EXIT_SEAL), INGOT_EXIT_SEAL);
    g_prefix_error(&error, "read /none: ");
    assert_string_equal(error->message, "read /none: No such file or directory");
    assert_int_equal(tree_errno(error), ENOENT);
    g_clear_error(&error);
    assert_null(tree_list(t, "/none", &error));
    assert_int_equal(tree_errno(error), ENOENT);
    assert_int_equal(tree_errno(NULL), 0);
}

static void absurd_names(void **state)
{
    (void)state;
    g_autoptr(tree) t = tree_new();
    g_autoptr(GError) error = NULL;
    char name[300] = "/";
    memset(name + 1, 'n', 255);
    tree_text(t, name, "long");
    tree_text(t, "/new\nline", "1");
    tree_text(t, "/\xff\xfe", "2");
    tree_text(t, "/ -rf *", "3");
    assert_tree_text(t, name, "long");
    g_auto(GStrv) names = tree_list(t, "/", &error);
    assert_int_equal(g_strv_length(names), 4);
    assert_string_equal(names[1], "new\nline");
    assert_string_equal(names[3], "\xff\xfe");
    name[256] = 'n';
    assert_false(tree_write(t, name, "", 0, &error));
    assert_int_equal(tree_errno(error), ENAMETOOLONG);
}

static void one_tree_has_servers_one_after_the_other(void **state)
{
    (void)state;
    tree *t = tree_new();
    g_autoptr(GError) error = NULL;
    tree_text(t, "/file", "stays");
    tree_close(t);
    const struct tree_spec spec = tree_spec_of(NULL);
    g_autoptr(tree) again = tree_open(&spec, NULL, &error);
    assert_no_error(error);
    assert_tree_text(again, "/file", "stays");
    g_clear_pointer(&again, tree_close);
    assert_true(tree_remove(&spec, &error));
    assert_false(g_file_test(spec.directory, G_FILE_TEST_EXISTS));
    assert_true(tree_remove(&spec, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files),
        cmocka_unit_test(large_files_go_in_pieces),
        cmocka_unit_test(names_and_patterns),
        cmocka_unit_test(links_stay_in_the_tree),
        cmocka_unit_test(removes_trees_and_no_targets),
        cmocka_unit_test(opens_regular_files_only),
        cmocka_unit_test(absence_is_told_from_other_errors),
        cmocka_unit_test(absurd_names),
        cmocka_unit_test(one_tree_has_servers_one_after_the_other),
    };
    if (trees_begin("tree") != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, trees_end);
}
