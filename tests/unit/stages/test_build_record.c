/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sample.h"

#include "base/error.h"
#include "stages/build_record.h"

#include <string.h>

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-record");
}

static plan whole_plan(void)
{
    plan p = sample_plan();
    p.installer = os_installers()[0];
    p.files = g_ptr_array_new();
    return p;
}

static const char *text_at(const json_t *o, const char *list, gsize i, const char *name)
{
    const char *text =
        json_string_value(json_object_get(json_array_get(json_object_get(o, list), i), name));
    return text ? text : "";
}

static struct install_record *a_machine(void)
{
    struct install_record *r = install_record_new("system");
    const struct install_sample sample = {
        .at = 1.5, .counters = {.disk_read = 10, .disk_written = 20, .received = 3, .sent = 4}};
    struct install_picture *picture = g_new0(struct install_picture, 1);
    double step = 1;
    install_record_sample(r, &sample, &step);
    picture->phase = g_strdup("boot");
    picture->file = g_strdup("/x.png");
    picture->text = g_strdup("login\033[0m \xff hunter2");
    g_ptr_array_add(r->pictures, picture);
    return r;
}

/* What failed and why, what was not reached; no secret, even one that JSON would quote. */
static void failed(void **state)
{
    (void)state;
    plan p = whole_plan();
    g_autoptr(secrets) hidden = secrets_new();
    secrets_add(hidden, "hunter2");
    secrets_add(hidden, "pass\"word");
    g_autoptr(build) b = sample_build(&p, hidden);
    g_autoptr(GError) failure = NULL;
    add_timing(b, "media", 5, NULL);
    struct timeline_stage *install = add_timing(b, "install", 20, "key");
    install->good = FALSE;
    install->begin = 5;
    add_phase(b, install, "boot", 20);
    sample_machine(b, a_machine(), 7);
    b->bundle = g_strdup("/out/web.failed");
    ingot_set_error(&failure, INGOT_EXIT_INSTALL, "do not say pass\"word", "no room\n  | hunter2");
    json_t *o = build_record_new(b, "install", failure), *f = json_object_get(o, "failure");
    assert_string_equal(json_string_value(json_object_get(o, "result")), "failed");
    assert_string_equal(json_string_value(json_object_get(f, "cause")), "no room");
    assert_string_equal(json_string_value(json_object_get(f, "remedy")), "do not say <secret>");
    assert_string_equal(json_string_value(json_object_get(f, "phase")), "boot");
    assert_string_equal(json_string_value(json_object_get(f, "bundle")), "/out/web.failed");
    assert_int_equal(json_integer_value(json_object_get(f, "exit")), INGOT_EXIT_INSTALL);
    assert_int_equal(json_array_size(json_object_get(o, "stages")), 6);
    assert_string_equal(text_at(o, "stages", 0, "outcome"), "done");
    assert_string_equal(text_at(o, "stages", 1, "outcome"), "failed");
    assert_string_equal(text_at(o, "stages", 2, "outcome"), "not reached");
    assert_string_equal(text_at(o, "phases", 0, "stage"), "install");
    json_t *machine = json_array_get(json_object_get(o, "machines"), 0);
    assert_true(json_number_value(json_object_get(machine, "began")) == 7);
    assert_string_equal(text_at(machine, "pictures", 0, "text"), "login \uFFFD <secret>");
    assert_int_equal(json_array_size(json_array_get(json_object_get(machine, "samples"), 0)), 5);
    json_decref(o);
    g_ptr_array_unref(p.files);
}

/* A stop before a stage began is still told as its failure: a CI server must see one. */
static void stopped(void **state)
{
    (void)state;
    plan p = whole_plan();
    g_autofree char *html = g_build_filename(folder, "r.html", NULL);
    g_autofree char *xml = g_build_filename(folder, "r.xml", NULL);
    const struct build_options options = {.max_age = 1000, .report = html, .junit = xml};
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *page = NULL, *cases = NULL;
    enum ingot_exit code;
    g_autoptr(build) b = build_new(&p, &options, NULL, NULL, cancel, NULL);
    g_cancellable_cancel(cancel);
    assert_false(build_run(b, &code, &error));
    assert_true(g_file_get_contents(html, &page, NULL, NULL));
    assert_true(g_file_get_contents(xml, &cases, NULL, NULL));
    assert_non_null(strstr(page, "<span class=\"mark halted\">Interrupted in media</span>"));
    assert_non_null(strstr(cases, "tests=\"6\" failures=\"1\" skipped=\"5\""));
    assert_non_null(strstr(cases, "type=\"exit 130\""));
    g_ptr_array_unref(p.files);
}

/* What was not requested is said to be so. */
static void left_out(void **state)
{
    (void)state;
    plan p = whole_plan();
    g_autoptr(build) b = sample_build(&p, NULL);
    b->options.no_verify = TRUE;
    json_t *o = build_record_new(b, NULL, NULL);
    assert_string_equal(json_string_value(json_object_get(o, "result")), "good");
    assert_null(json_object_get(o, "failure"));
    assert_string_equal(text_at(o, "stages", 4, "stage"), "verify");
    assert_string_equal(text_at(o, "stages", 4, "outcome"), "left out");
    json_decref(o);
    g_ptr_array_unref(p.files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(failed), cmocka_unit_test(stopped),
                                       cmocka_unit_test(left_out)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
