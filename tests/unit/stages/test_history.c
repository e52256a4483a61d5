/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sample.h"

#include "base/error.h"
#include "stages/history.h"

#include <glib/gstdio.h>
#include <jansson.h>
#include <string.h>
#include <utime.h>

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-history");
}

static char *file_of(const char *name)
{
    return g_strdup_printf("%s/history/%s.json", folder, name);
}

/* A good build whose installation took so long. */
static void built(const plan *p, double seconds, gboolean reused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(build) b = sample_build(p, NULL);
    add_timing(b, "media", 1, NULL);
    struct timeline_stage *install = add_timing(b, "install", seconds, "key");
    install->reused = reused;
    add_phase(b, install, "boot", 4);
    add_phase(b, install, "configure", seconds / 2);
    add_phase(b, install, "boot", 6);
    assert_true(history_add(b->history, b, &error));
    assert_no_error(error);
}

static void median_of_the_last(void **state)
{
    (void)state;
    plan p = sample_plan();
    g_autoptr(history) none = history_load(&p, NULL);
    assert_true(history_expected(none, "install", NULL) < 0);
    assert_true(history_slowest(none, "install", "boot") < 0);
    built(&p, 100, FALSE);
    built(&p, 300, FALSE);
    built(&p, 0.2, TRUE); /* reused: it says nothing */
    g_autoptr(history) two = history_load(&p, NULL);
    assert_true(history_expected(two, "install", NULL) == 200);
    assert_true(history_slowest(two, "install", NULL) == 300);
    assert_true(history_expected(two, "install", "configure") == 100);
    assert_true(history_expected(two, "install", "boot") == 6); /* the longer of the two */
    assert_int_equal(history_count(two, "install"), 2);
    assert_int_equal(history_count(two, "media"), 3);
    for (int i = 0; i < 12; i++)
        built(&p, 50, FALSE);
    g_autoptr(history) last = history_load(&p, NULL);
    assert_int_equal(history_count(last, "install"), 10);
    assert_true(history_slowest(last, "install", NULL) == 50);
}

/* Another machine has other times, and does not spoil these; the list of machines is bounded. */
static void conditions(void **state)
{
    (void)state;
    plan p = sample_plan();
    p.name = (char *)"several";
    built(&p, 100, FALSE);
    for (guint cpus = 3; cpus < 6; cpus++) {
        p.vm.cpus = cpus;
        built(&p, 10, FALSE);
    }
    p.vm.cpus = 2;
    g_autoptr(history) h = history_load(&p, NULL);
    assert_true(history_expected(h, "install", NULL) == 100);
    p.vm.accel.kvm = TRUE;
    g_autoptr(history) kvm = history_load(&p, NULL);
    assert_true(history_expected(kvm, "install", NULL) < 0);
    for (guint cpus = 6; cpus < 30; cpus++) {
        p.vm.cpus = cpus;
        built(&p, 10, FALSE);
    }
    g_autofree char *file = file_of("several");
    json_t *all = json_load_file(file, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(all, "conditions")), 8);
    json_decref(all);
}

/* Whatever stands in the file: nothing breaks, and the next good build makes it right. */
static void broken(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{\"history\": 2}",
        "{\"history\": 1, \"conditions\": 7}",
        "{\"history\": 1, \"conditions\": [1, {\"installer\": \"?\", \"arch\": \"x86_64\", "
        "\"accelerator\": \"tcg\", \"cpus\": 2, \"kinds\": {\"install\": [4, {}, {\"seconds\": "
        "-5}, "
        "{\"seconds\": 1e99}, {\"seconds\": \"long\", \"phases\": {}}], \"seal\": 3}}]}"};
    plan p = sample_plan();
    p.name = (char *)"broken";
    g_autofree char *file = file_of("broken");
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        assert_true(g_file_set_contents(file, texts[i], -1, NULL));
        g_autoptr(history) h = history_load(&p, NULL);
        assert_true(history_expected(h, "install", NULL) < 0);
        assert_true(history_expected(h, "seal", "policy") < 0);
        built(&p, 100, FALSE);
        g_autoptr(history) again = history_load(&p, NULL);
        assert_true(history_expected(again, "install", NULL) == 100);
    }
}

/* A warning says that the file is not used. */
static void warns(void **state)
{
    (void)state;
    char *text = NULL;
    size_t length;
    plan p = sample_plan();
    p.name = (char *)"warned";
    g_autofree char *file = file_of("warned");
    FILE *stream = open_memstream(&text, &length);
    progress *told = progress_new(PROGRESS_TEXT, PROGRESS_NORMAL, stream, NULL);
    history_free(history_load(&p, told));
    assert_true(g_file_set_contents(file, "not JSON", -1, NULL));
    history_free(history_load(&p, told));
    progress_free(told);
    fclose(stream);
    assert_non_null(strstr(text, "warned.json: this is not a history of builds"));
    assert_true(g_str_has_prefix(text, "warning: ")); /* one that is not there is no fault */
    free(text);
}

static void assert_why(const build *b, const char *key, const char *says)
{
    g_autofree char *why = history_why(b->history, "install", key, b);
    if (!strstr(why, says))
        fail_msg("'%s' does not say '%s'", why, says);
}

static void reasons(void **state)
{
    (void)state;
    plan p = sample_plan();
    p.name = (char *)"why";
    build *first = sample_build(&p, NULL);
    assert_why(first, "key", "no earlier result");
    build_free(first);
    built(&p, 100, FALSE);
    g_autoptr(build) b = sample_build(&p, NULL);
    assert_why(b, "key", "is gone from the cache");
    assert_why(b, "other", "inputs changed: those from ingot itself");
    p.recipe_digest = (char *)"bb";
    assert_why(b, "other", "inputs changed: the recipe");
    b->options.max_age = 0;
    json_t *all;
    g_autofree char *file = file_of("why");
    all = json_load_file(file, 0, NULL);
    json_t *kinds = json_object_get(json_array_get(json_object_get(all, "conditions"), 0), "kinds");
    json_object_set_new(json_array_get(json_object_get(kinds, "install"), 0), "when",
                        json_integer(1000000));
    assert_int_equal(json_dump_file(all, file, 0), 0);
    json_decref(all);
    g_autoptr(build) late = sample_build(&p, NULL);
    assert_why(late, "key", "older than 16 min 40 s");
}

/* Another way to do a stage has its own durations. */
static void kinds(void **state)
{
    (void)state;
    plan p = sample_plan();
    p.name = (char *)"kinds";
    g_autoptr(build) b = sample_build(&p, NULL);
    struct timeline_stage *install = add_timing(b, "install", 300, "a");
    assert_true(history_add(b->history, b, NULL));
    install->kind = "install on a kept base";
    install->seconds = 60;
    assert_true(history_add(b->history, b, NULL));
    assert_true(history_expected(b->history, "install", NULL) == 300);
    install = timeline_begin_stage(b->timeline, "install");
    assert_true(install->expected == 300);
    timeline_set_kind(b->timeline, "install on a kept base");
    assert_true(install->expected == 60);
}

static void prune(void **state)
{
    (void)state;
    guint64 bytes;
    plan p = sample_plan();
    p.name = (char *)"old";
    built(&p, 1, FALSE);
    g_autofree char *file = file_of("old"), *other = g_strconcat(folder, "/history/x.txt", NULL);
    struct utimbuf times = {.actime = 1000, .modtime = 1000};
    assert_true(g_file_set_contents(other, "", 0, NULL));
    assert_int_equal(utime(file, &times), 0);
    assert_int_equal(utime(other, &times), 0);
    assert_int_equal(build_prune_history(folder, 100000, &bytes), 1);
    assert_true(bytes > 0);
    assert_false(g_file_test(file, G_FILE_TEST_EXISTS));
    assert_true(g_file_test(other, G_FILE_TEST_EXISTS));
    assert_int_equal(build_prune_history("/no/such/cache", 0, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(median_of_the_last),
                                       cmocka_unit_test(conditions),
                                       cmocka_unit_test(broken),
                                       cmocka_unit_test(warns),
                                       cmocka_unit_test(reasons),
                                       cmocka_unit_test(kinds),
                                       cmocka_unit_test(prune)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
