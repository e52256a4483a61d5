/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "sysprep/customise.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static void shadow(void **state)
{
    (void)state;
    g_autofree char *set = customise_shadow("a:*:1::\nroot:!:2:0:::::\nrooted:*:3::\n", "$y$x");
    assert_string_equal(set, "a:*:1::\nroot:$y$x:2:0:::::\nrooted:*:3::\n");
    assert_null(customise_shadow("", "!"));
    assert_null(customise_shadow("toor:*:1:\nroot\n", "!"));
}

static void hosts(void **state)
{
    (void)state;
    static const struct {
        const char *text, *from, *to, *result;
    } cases[] = {
        {"127.0.1.1 old\n", "old", "new", "127.0.1.1 new\n"},
        {"127.0.1.1\told.lan old older\n", "old", "new.net", "127.0.1.1\tnew.lan new older\n"},
        {"10.0.0.1 not-old\n", "old", "new", "10.0.0.1 not-old\n"},
        {"10.0.0.1 o.d", "o.d", "new", "10.0.0.1 new"},
        {"10.0.0.1 oxd", "o.d", "new", "10.0.0.1 oxd"},
        {"\xff x\n", "", "new", "\xff x\n"},
        {"1 a", "a", "b\\0", "1 b\\0"},
        {"1 (", "(", "b", "1 b"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *edited = customise_hosts(cases[i].text, cases[i].from, cases[i].to);
        assert_string_equal(edited, cases[i].result);
    }
}

static void keys(void **state)
{
    (void)state;
    g_autofree char *fresh = customise_keys(NULL, "a b\r\n\nc d");
    g_autofree char *more = customise_keys("a b\nx y", "a b\nc d\n");
    assert_string_equal(fresh, "a b\nc d\n");
    assert_string_equal(more, "a b\nx y\nc d\n");
}

/* What is full is where the copy is put, and not where it comes from or goes to. */
static void full_place(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strnfill(100000, 'x');
    g_autofree char *local = g_strdup("/tmp/ingot-copy-XXXXXX");
    int from = g_mkstemp(local), full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(from >= 0 && full >= 0);
    assert_true(g_file_set_contents(local, text, -1, NULL));
    assert_false(customise_tar(full, "/proc/x", local, &error));
    assert_error_says(error, INGOT_EXIT_HOST,
                      "the host's disk is full: the file system of /proc/x has 0 B left");
    assert_error_says(error, INGOT_EXIT_HOST, local);
    assert_string_equal(ingot_error_hint(error),
                        "free some space in the file system of /proc, or use another one");
    g_clear_error(&error);
    assert_int_equal(unlink(local), 0);
    assert_false(customise_tar(full, "/proc/x", local, &error));
    assert_error_says(error, INGOT_EXIT_SEAL, "cannot read /tmp/ingot-copy-");
    close(from);
    close(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shadow), cmocka_unit_test(hosts),
                                       cmocka_unit_test(keys), cmocka_unit_test(full_place)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
