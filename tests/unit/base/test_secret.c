/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/secret.h"

static void redact(void **state)
{
    (void)state;
    g_autoptr(secrets) s = secrets_new();
    secrets_add(s, "hunter2");
    secrets_add(s, "hunter2-and-more");
    secrets_add(s, "abc"); /* too short: would hide every other word */
    secrets_add(s, NULL);
    g_autofree char *a = secrets_redact(s, "pw=hunter2 other=hunter2-and-more abc");
    g_autofree char *b = secrets_redact(NULL, "hunter2");
    assert_string_equal(a, "pw=<secret> other=<secret> abc");
    assert_string_equal(b, "hunter2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(redact)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
