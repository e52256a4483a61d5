/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "guest/customise.h"

#include <string.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shadow), cmocka_unit_test(hosts),
                                       cmocka_unit_test(keys)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
