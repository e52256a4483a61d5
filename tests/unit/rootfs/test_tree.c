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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files),
    };
    if (trees_begin("tree") != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, trees_end);
}
