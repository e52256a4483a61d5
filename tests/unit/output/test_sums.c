/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/files.h"
#include "output/publish.h"

#include <string.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
#define C "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static int setup(void **state)
{
    *state = files_temp_dir(g_get_tmp_dir(), "ingot-sums", NULL);
    for (const char *const *name = (const char *const[]){"a.qcow2", "b b.raw", "z", NULL}; *name;
         name++) {
        g_autofree char *path = g_build_filename(*state, *name, NULL);
        assert_true(g_file_set_contents(path, "x", 1, NULL));
    }
    return 0;
}

static int teardown(void **state)
{
    files_remove_tree(*state);
    g_free(*state);
    return 0;
}

static void assert_merged(const char *dir, const char *old, gsize n, const char *expected)
{
    output_file sums[] = {{(char[]){"m.qcow2"}, 0, (char[]){A}},
                          {(char[]){"a.qcow2"}, 0, (char[]){A}}};
    g_autoptr(GPtrArray) files = g_ptr_array_new();
    for (gsize i = 0; i < n; i++)
        g_ptr_array_add(files, &sums[i]);
    g_autofree char *text = sums_merge(old, dir, files);
    assert_string_equal(text, expected);
}

static void keeps_and_sorts(void **state)
{
    assert_merged(*state, NULL, 2, A "  a.qcow2\n" A "  m.qcow2\n");
    assert_merged(*state, A "  z\n" B " *b b.raw\n", 1, C "  b b.raw\n" A "  m.qcow2\n" A "  z\n");
    assert_merged(*state, C "  a.qcow2\n", 2, A "  a.qcow2\n" A "  m.qcow2\n");
}

static void drops_what_is_gone_or_strange(void **state)
{
    assert_merged(*state, A "  gone\n", 0, "");
    assert_merged(*state, A "  ../etc/passwd\n" A "  /etc/passwd\n" A "  .\n", 0, "");
    assert_merged(*state, "short  z\n" A " \n" A "\n\n\\" A "  z\n" A "_ z\n", 0, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keeps_and_sorts),
                                       cmocka_unit_test(drops_what_is_gone_or_strange)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
