/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "install/install.h"

/* However long a machine runs, its samples are few, from the whole time and in order. */
static void samples_stay_few(void **state)
{
    (void)state;
    struct install_record *r = install_record_new("guest");
    double step = 1, at = 0;
    for (guint i = 0; i < 20000; i++) {
        const struct install_sample s = {.at = at, .counters = {.disk_read = i}};
        install_record_sample(r, &s, &step);
        at += step;
        assert_true(r->samples->len < INSTALL_SAMPLES);
    }
    const struct install_sample *all = (const struct install_sample *)(gpointer)r->samples->data;
    assert_true(r->samples->len >= INSTALL_SAMPLES / 2);
    assert_true(all[0].at < 2 * step);
    assert_true(all[r->samples->len - 1].at > at - 2 * step);
    for (guint i = 1; i < r->samples->len; i++)
        assert_true(all[i].at > all[i - 1].at);
    install_record_free(r);
}

static void phases_are_copied(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) phases = timeline_phases_new();
    g_autoptr(GPtrArray) copies = timeline_phases_new();
    timeline_phases_add(phases, "boot")->seconds = 3;
    (void)timeline_phases_add(phases, "packages");
    timeline_phases_extend(copies, phases);
    g_ptr_array_set_size(phases, 0);
    const struct timeline_phase *first = g_ptr_array_index(copies, 0);
    const struct timeline_phase *second = g_ptr_array_index(copies, 1);
    assert_string_equal(first->name, "boot");
    assert_true(first->seconds == 3);
    assert_true(second->begin == 3);
    install_record_free(NULL);
    install_failure_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(samples_stay_few),
                                       cmocka_unit_test(phases_are_copied)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
