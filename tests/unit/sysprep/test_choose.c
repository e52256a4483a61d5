/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "sysprep/sysprep.h"

#include <string.h>

/* Which operations run. */

static guint length_of(const char **names)
{
    return g_strv_length((char **)names);
}

static gboolean chosen(const char *enable, const char *disable, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree const char **names = sysprep_choose(enable, disable, &error);
    assert_no_error(error);
    return g_strv_contains(names, name);
}

static void defaults(void **state)
{
    (void)state;
    guint on = 0;
    g_autofree const char **names = sysprep_choose(NULL, NULL, NULL);
    for (const sysprep_operation *const *op = sysprep_operations(); *op; op++) {
        assert_true(g_strv_contains(names, (*op)->name) == !(*op)->off);
        on += !(*op)->off;
    }
    assert_int_equal(length_of(names), on);
}

/* By either name; a name goes before all, and what is disabled by it is not done. */
static void words(void **state)
{
    (void)state;
    assert_false(chosen(NULL, NULL, "fs-uuids"));
    assert_true(chosen("fs-uuids,lvm-uuids", NULL, "fs-uuids"));
    assert_false(chosen(NULL, "ssh-hostkeys", "ssh-host-keys"));
    assert_false(chosen("logs", "logs", "logs"));
    assert_true(chosen("all", NULL, "fs-uuids"));
    assert_false(chosen("all", "fs-uuids", "fs-uuids"));
    assert_false(chosen(NULL, "all", "logs"));
    assert_true(chosen("logs", "all", "logs"));
    assert_false(chosen("logs", "all", "machine-id"));
    assert_true(chosen("all", "all", "logs"));
}

/* In running order, however they are named. */
static void only_these(void **state)
{
    (void)state;
    g_autofree const char **names = sysprep_choose("logs,machine-id", "tmp,all", NULL);
    assert_int_equal(length_of(names), 2);
    assert_string_equal(names[0], "machine-id");
    assert_string_equal(names[1], "logs");
}

static void unknown(void **state)
{
    static const struct {
        const char *enable, *disable, *says, *hint;
    } cases[] = {{"swop", NULL, "unknown operation 'swop'", "did you mean 'swap'?"},
                 {"logs", "tpm", "unknown operation 'tpm'", "did you mean 'tmp'?"},
                 {"logs,,tmp", NULL, "unknown operation ''", NULL},
                 {NULL, "a b", "unknown operation 'a b'", "--list prints their names"},
                 {"ALL", NULL, "unknown operation 'ALL'", NULL}};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(sysprep_choose(cases[i].enable, cases[i].disable, &error));
        assert_error_says(error, INGOT_EXIT_USAGE, cases[i].says);
        if (cases[i].hint)
            assert_non_null(strstr(ingot_error_hint(error), cases[i].hint));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(defaults), cmocka_unit_test(words),
                                       cmocka_unit_test(only_these), cmocka_unit_test(unknown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
