/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/timeline.h"

#include <string.h>

static double expect(const char *kind, const char *phase, gpointer user)
{
    g_string_append_printf(user, "%s/%s ", kind, phase ? phase : "");
    return phase ? -1 : strcmp(kind, "seal") == 0 ? 60 : 20;
}

static const char *text_at(const json_t *o, const char *list, gsize i, const char *member)
{
    const char *text =
        json_string_value(json_object_get(json_array_get(json_object_get(o, list), i), member));
    return text ? text : "";
}

/* A stage ends its phase, and the next begins where nothing runs; what runs is not told yet. */
static void in_order(void **state)
{
    (void)state;
    g_autoptr(GString) asked = g_string_new(NULL);
    g_autoptr(timeline) t = timeline_new(expect, asked);
    const struct timeline_stage *seal = timeline_begin_stage(t, "seal");
    assert_true(seal->expected == 60);
    const struct timeline_phase *launch = timeline_begin_phase(t, "launch");
    const struct timeline_phase *policy = timeline_begin_phase(t, "policy\033[1m");
    assert_true(launch->seconds >= 0 && policy->seconds < 0);
    assert_ptr_equal(timeline_running_phase(t), policy);
    assert_string_equal(timeline_last_phase(t, "seal"), "policy\033[1m");
    assert_null(timeline_last_phase(t, "export"));
    timeline_set_kind(t, "seal again");
    assert_true(seal->expected == 20);
    timeline_end_stage(t, TRUE, FALSE);
    assert_null(timeline_running_phase(t));
    assert_null(timeline_running_stage(t));
    assert_true(policy->seconds >= 0 && seal->seconds >= policy->seconds);
    const struct timeline_stage *running = timeline_begin_stage(t, "export");
    (void)timeline_begin_phase(t, "compress");
    assert_true(running->begin >= seal->begin + seal->seconds);
    assert_string_equal(asked->str, "seal/ seal/launch seal/policy\033[1m seal again/ "
                                    "export/ export/compress ");
    json_t *o = timeline_to_json(t);
    assert_int_equal(json_array_size(json_object_get(o, "stages")), 1);
    assert_int_equal(json_array_size(json_object_get(o, "phases")), 2);
    assert_string_equal(text_at(o, "stages", 0, "outcome"), "done");
    assert_string_equal(text_at(o, "stages", 0, "kind"), "seal again");
    assert_string_equal(text_at(o, "phases", 1, "phase"), "policy");
    assert_string_equal(text_at(o, "phases", 1, "stage"), "seal");
    json_decref(o);
}

/* A stage that another one follows without an end has failed; without a stage there is no kind. */
static void without_ends(void **state)
{
    (void)state;
    g_autoptr(timeline) t = timeline_new(NULL, NULL);
    timeline_end_stage(t, TRUE, TRUE);
    timeline_end_phase(t);
    timeline_set_kind(t, "nothing");
    assert_null(timeline_last_machine(t));
    assert_true(timeline_begin_phase(t, "alone")->expected < 0);
    assert_null(timeline_last_phase(t, "media"));
    (void)timeline_begin_stage(t, "media");
    const struct timeline_stage *install = timeline_begin_stage(t, "install");
    assert_true(install->expected < 0);
    timeline_end_stage(t, TRUE, TRUE);
    json_t *o = timeline_to_json(t);
    assert_string_equal(text_at(o, "stages", 0, "outcome"), "failed");
    assert_string_equal(text_at(o, "stages", 1, "outcome"), "reused");
    json_decref(o);
    timeline_free(NULL);
}

/* The members that are there, in the order that was asked for, and no others. */
static void taken(void **state)
{
    static const char *const members[] = {"phase", "none", "seconds", NULL};
    (void)state;
    g_autoptr(timeline) t = timeline_new(NULL, NULL);
    GPtrArray *phases = timeline_phases_new();
    timeline_phases_add(phases, "unpack")->seconds = 2;
    timeline_phases_add(phases, "configure")->seconds = 0.5;
    timeline_set_installed(t, phases);
    timeline_add_machine(t, json_pack("{s:s}", "name", "system"));
    json_t *o = timeline_to_json(t);
    json_t *list = timeline_take(json_object_get(o, "installed"), members);
    char *text = json_dumps(list, JSON_COMPACT);
    assert_string_equal(text, "[{\"phase\":\"unpack\",\"seconds\":2.0},"
                              "{\"phase\":\"configure\",\"seconds\":0.5}]");
    assert_string_equal(text_at(o, "machines", 0, "name"), "system");
    assert_int_equal(timeline_machines(t), 1);
    json_t *second = json_array_get(json_object_get(o, "installed"), 1);
    assert_true(json_real_value(json_object_get(second, "begin")) == 2);
    free(text);
    json_decref(list);
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(in_order), cmocka_unit_test(without_ends),
                                       cmocka_unit_test(taken)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
