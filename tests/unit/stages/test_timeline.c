/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sample.h"

#include "base/error.h"
#include "base/files.h"
#include "stages/diagnosis.h"
#include "stages/history.h"
#include "stages/kept.h"
#include "stages/manifest.h"
#include "stages/build_record.h"

#include <string.h>

/* One build, as every document shows it, is compared byte for byte with golden/NAME;
 * INGOT_TEST_UPDATE=1 writes them anew. */

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-timeline");
}

static plan whole_plan(void)
{
    plan p = sample_plan();
    p.installer = os_installers()[0];
    p.files = g_ptr_array_new();
    return p;
}

/* What differs from run to run and from host to host. */
static void blank(json_t *o)
{
    static const char *const members[] = {"built", "tools", "plan", "host", "when", "made"};
    const char *name;
    size_t i;
    json_t *one;
    for (i = 0; i < G_N_ELEMENTS(members); i++)
        if (json_object_get(o, members[i]))
            json_object_set_new(o, members[i], json_string("…"));
    json_object_foreach(o, name, one) blank(one);
    json_array_foreach(o, i, one) blank(one);
}

/* Takes o.  What has no order of its own in the program has the one in which it is written. */
static void assert_golden(const char *name, json_t *o)
{
    g_autofree char *path =
        g_build_filename(g_getenv("INGOT_TEST_SOURCE"), "tests/unit/stages/golden", name, NULL);
    g_autofree char *want = NULL;
    blank(o);
    char *dump = json_dumps(o, JSON_INDENT(2));
    g_auto(GStrv) parts = g_strsplit(dump, folder, -1);
    g_autofree char *text = g_strjoinv("FOLDER", parts);
    g_autofree char *have = g_strconcat(text, "\n", NULL);
    free(dump);
    json_decref(o);
    if (g_getenv("INGOT_TEST_UPDATE"))
        assert_true(g_file_set_contents(path, have, -1, NULL));
    assert_true(g_file_get_contents(path, &want, NULL, NULL));
    assert_string_equal(have, want);
}

static struct install_picture *picture(const char *phase, const char *file, const char *text)
{
    struct install_picture *one = g_new0(struct install_picture, 1);
    one->at = 3.5;
    one->phase = g_strdup(phase);
    one->file = g_strdup(file);
    one->text = g_strdup(text);
    return one;
}

static struct install_record *machine(const char *name, gboolean failed)
{
    struct install_record *r = install_record_new(name);
    const struct install_sample sample = {
        .at = 1.5, .counters = {.disk_read = 10, .disk_written = 20, .received = 3, .sent = 4}};
    double step = 1;
    install_record_sample(r, &sample, &step);
    timeline_phases_add(r->phases, "boot")->seconds = 4.25;
    timeline_phases_add(r->phases, "configure")->seconds = 12.5;
    g_ptr_array_add(r->pictures, picture("boot", "screen.png", NULL));
    g_ptr_array_add(r->pictures, picture("configure", NULL, "login\033[0m \xff hunter2"));
    if (!failed)
        return r;
    r->failure = g_new0(struct install_failure, 1);
    r->failure->phase = g_strdup("configure");
    r->failure->at = 16.75;
    r->failure->cause = g_strdup("no package \033[1mhunter2");
    r->failure->remedy = g_strdup("check the packages");
    r->failure->evidence = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(r->failure->evidence, g_strdup("log: E: no \xff"));
    return r;
}

/* Of the disk's installation. */
static void add_phases(GPtrArray *phases)
{
    timeline_phases_add(phases, "unpack")->seconds = 1.75;
    timeline_phases_add(phases, "configure")->seconds = 12.5;
}

/* Media were fetched, the base was taken, the machine of the installation ran. */
static build *filled(const plan *p, const secrets *hidden, gboolean failed)
{
    build *b = sample_build(p, hidden);
    g_free(b->log_dir); /* its name differs from run to run */
    b->log_dir = g_build_filename(folder, "logs", NULL);
    const struct sample_run media = {.name = "media",
                                     .seconds = 5.5,
                                     .expected = 4.5,
                                     .why = "runs in every build: its result is not kept"};
    const struct sample_run install = {.name = "install",
                                       .kind = "install on a kept base",
                                       .key = "abc",
                                       .begin = 5.5,
                                       .seconds = 30.25,
                                       .expected = -1,
                                       .why = "requested with --fresh",
                                       .failed = failed};
    const struct sample_run seal = {
        .name = "seal", .begin = 36, .seconds = 0.5, .expected = -1, .reused = TRUE};
    add_phase(b, sample_add(b, &media), "fetch", 2);
    struct timeline_stage *second = sample_add(b, &install);
    add_phase(b, second, "boot", 4.25);
    add_phase(b, second, "configure", 12.5);
    sample_machine(b, machine("packages", FALSE), 7.25);
    sample_machine(b, machine("system", failed), 20.5);
    GPtrArray *installed = timeline_phases_new();
    add_phases(installed);
    timeline_set_installed(b->timeline, installed);
    if (!failed)
        sample_add(b, &seal);
    return b;
}

static json_t *record_of(const build *b, const char *stage_name, const GError *failure)
{
    json_t *o = build_record_new(b, stage_name, failure);
    assert_true(json_number_value(json_object_get(o, "seconds")) >= 0);
    json_object_set_new(o, "seconds", json_string("…"));
    return o;
}

static void good(void **state)
{
    (void)state;
    plan p = whole_plan();
    g_autoptr(secrets) hidden = secrets_new();
    g_autoptr(GError) error = NULL;
    secrets_add(hidden, "hunter2");
    g_autoptr(build) b = filled(&p, hidden, FALSE);
    g_autofree char *file = g_build_filename(folder, "history", "web.json", NULL);
    assert_golden("manifest.json", manifest_new(b));
    assert_golden("record.json", record_of(b, NULL, NULL));
    assert_true(history_add(b->history, b, &error));
    assert_no_error(error);
    assert_golden("history.json", json_load_file(file, 0, NULL));
    g_ptr_array_unref(p.files);
}

static void failed(void **state)
{
    (void)state;
    plan p = whole_plan();
    g_autoptr(secrets) hidden = secrets_new();
    g_autoptr(GError) failure = NULL;
    secrets_add(hidden, "hunter2");
    g_autoptr(build) b = filled(&p, hidden, TRUE);
    ingot_set_error(&failure, INGOT_EXIT_INSTALL, "a hint", "it failed");
    assert_golden("failed-record.json", record_of(b, "install", failure));
    assert_golden("diagnosis.json", diagnosis_new(b, "install", 6, failure));
    g_ptr_array_unref(p.files);
}

static gboolean write_disk(const char *disk, GPtrArray *phases, gpointer user, GError **error)
{
    (void)user;
    (void)error;
    add_phases(phases);
    return g_file_set_contents(disk, "disk", -1, NULL);
}

static void kept_result(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(kept) k = kept_hold(folder, &kept_install_disk, "abc", NULL, &error);
    assert_no_error(error);
    GPtrArray *phases = kept_make(k, write_disk, NULL, &error);
    assert_no_error(error);
    g_ptr_array_unref(phases);
    g_autofree char *dir = g_path_get_dirname(kept_file(k));
    g_autofree char *file = g_build_filename(dir, "result.json", NULL);
    assert_golden("result.json", json_load_file(file, 0, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(good), cmocka_unit_test(failed),
                                       cmocka_unit_test(kept_result)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
