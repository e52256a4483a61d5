/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/environment.h"

/* The caller's whole environment stays with ingot; what libguestfs's QEMU would inherit does not.
 */
static void take(void **state)
{
    (void)state;
    assert_true(g_setenv("SECRET_TOKEN", "hunter2", TRUE));
    assert_true(g_setenv("PATHETIC", "1", TRUE)); /* begins like PATH */
    assert_true(g_setenv("LIBGUESTFS_HV", "/bin/false", TRUE));
    assert_true(g_setenv("https_proxy", "http://proxy.example.org", TRUE));
    g_autofree char *format = g_strdup(g_getenv("CMOCKA_MESSAGE_OUTPUT"));
    char **all = environment_take();
    if (format) /* the test framework reads it at the end */
        assert_true(g_setenv("CMOCKA_MESSAGE_OUTPUT", format, TRUE));
    assert_string_equal(g_environ_getenv(all, "SECRET_TOKEN"), "hunter2");
    assert_null(g_getenv("SECRET_TOKEN"));
    assert_null(g_getenv("PATHETIC"));
    assert_string_equal(g_getenv("LIBGUESTFS_HV"), "/bin/false");
    assert_string_equal(g_getenv("https_proxy"), "http://proxy.example.org");
    assert_non_null(g_getenv("PATH"));
    g_auto(GStrv) child = environment_of_child();
    assert_null(g_environ_getenv(child, "https_proxy"));
    assert_non_null(g_environ_getenv(child, "PATH"));
    environment_free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(take)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
