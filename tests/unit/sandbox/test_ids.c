/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "sandbox/ids.h"

static void sub_ids(void **state)
{
    (void)state;
    guint32 first = 0;
    assert_true(sandbox_ids_parse("a:1:65536\nb:100000:65536\n", "b", 7, &first));
    assert_int_equal(first, 100000);
    assert_true(sandbox_ids_parse("7:200000:131072", "b", 7, &first));
    assert_int_equal(first, 200000);
    assert_true(sandbox_ids_parse("b:100000:65535\nb:300000:65536", "b", 7, &first));
    assert_int_equal(first, 300000);
    /* a user whose name is not known */
    assert_true(sandbox_ids_parse("7:200000:65536\n", NULL, 7, &first));
}

static void no_sub_ids(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "bb:100000:65536",
                                        "b:100000",
                                        "b:100000:65536:1",
                                        "b:0:65536",
                                        "b:-1:65536",
                                        "b:1e9:65536",
                                        "b:4294967295:65536",
                                        "b:100000:99999999999",
                                        "# b:100000:65536",
                                        "::"};
    guint32 first = 42;
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        if (sandbox_ids_parse(texts[i], "b", 7, &first))
            fail_msg("'%s' gave %u", texts[i], first);
    assert_int_equal(first, 42);
}

static void maps(void **state)
{
    (void)state;
    static const char all[] = "         0          0 4294967295\n";
    static const char container[] = "0 100000 65536\n65536 500000 65536\n";
    assert_true(sandbox_ids_mapped(all, 0x6FFF0000u));
    assert_true(sandbox_ids_mapped(container, 65536));
    assert_false(sandbox_ids_mapped(container, 65537));
    assert_false(sandbox_ids_mapped(container, 1));
    assert_false(sandbox_ids_mapped("", 1));
    assert_false(sandbox_ids_mapped("x\n0 0 0\n", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sub_ids),
        cmocka_unit_test(no_sub_ids),
        cmocka_unit_test(maps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
