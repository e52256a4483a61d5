/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "debian/debian.h"

static void assert_relation(const char **at, const char *name, const char *op, const char *version)
{
    g_auto(deb_relation) r = {0};
    assert_true(deb_relation_next(at, &r));
    assert_string_equal(r.name, name);
    assert_int_equal(g_strcmp0(r.op, op), 0);
    assert_int_equal(g_strcmp0(r.version, version), 0);
}

static void relations(void **state)
{
    (void)state;
    g_auto(deb_relation) end = {0};
    const char *at = "a, b:any (>= 1.2-3) |c(<<2) ,, d [amd64],e <!nocheck>,\n f ( = 1 )";
    assert_relation(&at, "a", NULL, NULL);
    assert_relation(&at, "b", ">=", "1.2-3");
    assert_relation(&at, "c", "<<", "2");
    assert_relation(&at, "d", NULL, NULL);
    assert_relation(&at, "e", NULL, NULL);
    assert_relation(&at, "f", "=", "1");
    assert_false(deb_relation_next(&at, &end));
    const char *nothing = NULL;
    assert_false(deb_relation_next(&nothing, &end));
}

/* "<" and ">" mean what they meant when they were still written. */
static void versions_that_a_relation_allows(void **state)
{
    (void)state;
    static const struct {
        const char *op;
        gboolean less, equal, more;
    } cases[] = {{"<<", TRUE, FALSE, FALSE}, {"<=", TRUE, TRUE, FALSE}, {"<", TRUE, TRUE, FALSE},
                 {"=", FALSE, TRUE, FALSE},  {">=", FALSE, TRUE, TRUE}, {">", FALSE, TRUE, TRUE},
                 {">>", FALSE, FALSE, TRUE}, {"~", FALSE, FALSE, FALSE}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const deb_relation r = {(char *)"a", (char *)cases[i].op, (char *)"1.10"};
        assert_int_equal(deb_relation_allows(&r, "1.9"), cases[i].less);
        assert_int_equal(deb_relation_allows(&r, "1.10"), cases[i].equal);
        assert_int_equal(deb_relation_allows(&r, "1.10-1"), cases[i].more);
        assert_false(deb_relation_allows(&r, NULL));
    }
    const deb_relation any = {.name = (char *)"a"};
    assert_true(deb_relation_allows(&any, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relations),
        cmocka_unit_test(versions_that_a_relation_allows),
    };
    return cmocka_run_group_tests_name("debian/relation", tests, NULL, NULL);
}
