/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "verify/answer.h"

#include <string.h>

static void values(void **state)
{
    (void)state;
    g_autoptr(answer) a = answer_new();
    assert_false(answer_line(a, "state=running"));
    assert_false(answer_line(a, "nic=eth0 52:54:00:00:00:01"));
    assert_false(answer_line(a, "nic= eth1 52:54:00:00:00:02 "));
    assert_false(answer_line(a, "online=2"));
    assert_false(answer_line(a, "root=UUID=1=2"));
    assert_true(answer_line(a, "end"));
    assert_string_equal(answer_get(a, "state"), "running");
    assert_string_equal(answer_get(a, "absent"), "");
    assert_string_equal(answer_get(a, "root"), "UUID=1=2");
    assert_int_equal(answer_number(a, "online"), 2);
    assert_int_equal(answer_number(a, "state"), 0);
    g_autoptr(GPtrArray) nics = answer_all(a, "nic");
    assert_int_equal(nics->len, 3);
    assert_string_equal(g_ptr_array_index(nics, 1), "eth1 52:54:00:00:00:02");
    assert_null(g_ptr_array_index(nics, 2));
    json_t *all = answer_to_json(a);
    assert_int_equal(json_array_size(json_object_get(all, "nic")), 2);
    assert_string_equal(json_string_value(json_object_get(all, "online")), "2");
    json_decref(all);
}

/* What is no answer is passed over, and a guest that never ends fills no memory. */
static void nonsense(void **state)
{
    (void)state;
    g_autoptr(answer) a = answer_new();
    assert_false(answer_line(a, "no equals sign"));
    assert_false(answer_line(a, "=no key"));
    assert_false(answer_line(a, "end "));
    json_t *none = answer_to_json(a);
    assert_int_equal(json_object_size(none), 0);
    json_decref(none);
    for (guint i = 0; i < ANSWER_LINES + 10; i++)
        assert_false(answer_line(a, "x=y"));
    g_autoptr(GPtrArray) all = answer_all(a, "x");
    assert_int_equal(all->len, ANSWER_LINES + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values), cmocka_unit_test(nonsense)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
