/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "base/files.h"
#include "output/output.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int setup(void **state)
{
    *state = files_temp_dir(g_get_tmp_dir(), "ingot-stage", NULL);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    files_remove_tree(*state);
    g_free(*state);
    return 0;
}

static void is_private_and_hidden(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *out = g_build_filename(*state, "new/out", NULL);
    g_autofree char *stage = output_stage(out, "a", &error);
    assert_no_error(error);
    g_autofree char *prefix = g_build_filename(out, ".a.", NULL);
    assert_true(g_str_has_prefix(stage, prefix));
    struct stat info;
    assert_int_equal(lstat(stage, &info), 0);
    assert_int_equal(info.st_mode, S_IFDIR | 0700);
}

static gboolean exists(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void put(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autofree char *file = g_build_filename(path, "a.qcow2", NULL);
    assert_int_equal(g_mkdir_with_parents(path, 0700), 0);
    assert_true(g_file_set_contents(file, "x", 1, NULL));
}

/* The directory of a dead builder is nobody's, whatever its template; that of a living one, and
 * what only looks alike, are not to be touched. */
static void dead_stages_go(void **state)
{
    static const char *const others[] = {".a.123456",      ".a.ingot-1234567", ".a.ingot-12345",
                                         "a.ingot-123456", ".ingot-123456",    ".b.backup"};
    g_autofree char *alive = output_stage(*state, "a", NULL);
    put(*state, ".a.ingot-123456");
    put(*state, ".b.ingot-123456");
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        put(*state, others[i]);
    g_autofree char *link_path = g_build_filename(*state, ".a.ingot-654321", NULL);
    assert_int_equal(symlink(".b.backup", link_path), 0);
    g_autofree char *stage = output_stage(*state, "a", NULL);
    assert_non_null(stage);
    assert_string_not_equal(stage, alive);
    assert_true(g_file_test(alive, G_FILE_TEST_IS_DIR));
    assert_false(exists(*state, ".a.ingot-123456"));
    assert_false(exists(*state, ".b.ingot-123456"));
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        assert_true(exists(*state, others[i]));
    assert_true(exists(*state, ".b.backup/a.qcow2"));
}

static void bad_names_and_places(void **state)
{
    static const char *const names[] = {"", ".", "..", ".a", "a/b", "a\nb", "a\\b"};
    g_autoptr(GError) error = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        assert_null(output_stage(*state, names[i], &error));
        assert_error_says(error, INGOT_EXIT_OUTPUT, "is not a valid template name");
        g_clear_error(&error);
    }
    g_autofree char *file = g_build_filename(*state, "file", NULL);
    assert_true(g_file_set_contents(file, "x", 1, NULL));
    assert_null(output_stage(file, "a", &error));
    assert_non_null(error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_private_and_hidden, setup, teardown),
        cmocka_unit_test_setup_teardown(dead_stages_go, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_names_and_places, setup, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
