/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sample.h"

#include "base/error.h"
#include "base/files.h"
#include "stages/failure_bundle.h"
#include "stages/diagnosis.h"

#include <string.h>

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-diagnosis");
}

static plan whole_plan(void)
{
    plan p = sample_plan();
    p.files = g_ptr_array_new();
    p.vm.name = (char *)"web";
    p.vm.accel.option = (char *)"tcg";
    p.vm.accel.cpu = (char *)"max";
    p.vm.memory = 1 << 30;
    return p;
}

static void add_failure(build *b)
{
    struct install_record *r = install_record_new("system");
    struct install_failure *f = g_new0(struct install_failure, 1);
    struct install_picture *picture = g_new0(struct install_picture, 1);
    f->phase = g_strdup("packages");
    f->at = 75;
    f->cause = g_strdup("the archive has no package hunter2");
    f->remedy = g_strdup("check the recipe's packages");
    f->evidence = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(f->evidence, g_strdup("log: E: no \033[1mpackage\xff"));
    picture->phase = g_strdup("packages");
    picture->file = g_strdup("screen.png");
    picture->text = g_strdup("Continue? _");
    r->failure = f;
    g_ptr_array_add(r->pictures, picture);
    sample_machine(b, r, 0);
}

static const char *string_of(const json_t *o, const char *name)
{
    const char *text = json_string_value(json_object_get(o, name));
    return text ? text : "";
}

/* A machine knows its cause better than the error that was made of it. */
static void of_a_machine(void **state)
{
    (void)state;
    plan p = whole_plan();
    g_autoptr(build) b = sample_build(&p, NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *seed_log = g_build_filename(b->log_dir, "seed.log", NULL);
    assert_true(g_file_set_contents(seed_log, "GET /preseed.cfg\nGET /seed.tar\n", -1, NULL));
    add_failure(b);
    ingot_set_error(&error, INGOT_EXIT_INSTALL, "a hint", "the installation failed in …");
    json_t *o = diagnosis_new(b, "install", 6, error);
    assert_string_equal(string_of(o, "cause"), "the archive has no package hunter2");
    assert_string_equal(string_of(o, "remedy"), "check the recipe's packages");
    assert_string_equal(string_of(o, "phase"), "packages");
    assert_string_equal(string_of(o, "screen"), "Continue? _");
    assert_int_equal(json_integer_value(json_object_get(o, "exit")), 6);
    assert_int_equal(json_array_size(json_object_get(o, "requests")), 2);
    assert_true(json_integer_value(json_object_get(json_object_get(o, "host"), "memory")) > 0);
    g_autofree char *text = diagnosis_text(o);
    assert_non_null(strstr(text, "\ncause:    the archive has no package"));
    assert_non_null(strstr(text, "\nafter:    1 min 15 s"));
    assert_non_null(strstr(text, "\n  log: E: no package"));
    assert_non_null(strstr(text, "\n  GET /seed.tar"));
    assert_null(strchr(text, '\033'));
    json_decref(o);
    g_ptr_array_unref(p.files);
}

/* Other stages have their error only: its first line is the cause. */
static void of_an_error(void **state)
{
    (void)state;
    plan p = whole_plan();
    g_autoptr(build) b = sample_build(&p, NULL);
    g_autoptr(GError) error = NULL;
    ingot_set_error(&error, INGOT_EXIT_MEDIA, NULL, "InRelease is altered\n  | at byte 7");
    json_t *o = diagnosis_new(b, "media", 5, error);
    assert_string_equal(string_of(o, "cause"), "InRelease is altered");
    assert_null(json_object_get(o, "remedy"));
    assert_null(json_object_get(o, "phase"));
    assert_null(json_object_get(o, "requests"));
    assert_string_equal(json_string_value(json_array_get(json_object_get(o, "evidence"), 0)),
                        "| at byte 7");
    json_decref(o);
    g_ptr_array_unref(p.files);
}

/* On disk, without a secret, and gone after the next good build. */
static void bundle(void **state)
{
    (void)state;
    plan p = whole_plan();
    p.recipe_text = (char *)"name: web\nextra: hunter2\n";
    g_autoptr(secrets) hidden = secrets_new();
    secrets_add(hidden, "hunter2");
    secrets_add(hidden, "pass\"word");
    g_autoptr(build) b = sample_build(&p, hidden);
    g_autoptr(GError) error = NULL;
    g_autofree char *log = g_build_filename(b->log_dir, "console.log", NULL);
    assert_true(g_file_set_contents(log, "login with hunter2\n", -1, NULL));
    add_failure(b);
    ingot_set_error(&error, INGOT_EXIT_INSTALL, "not pass\"word", "it failed");
    json_object_del(json_object_get(timeline_last_machine(b->timeline), "failure"),
                    "remedy"); /* the hint is the remedy */
    g_autofree char *where = failure_bundle_save(b, "install", 6, error);
    static const char *const files[] = {"diagnosis.json", "diagnosis.txt", "console.log", "qemu.sh",
                                        "recipe.yaml"};
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(where, files[i], NULL);
        g_autofree char *text = files_read(path, 1 << 20, NULL, NULL);
        assert_non_null(text);
        assert_null(strstr(text, "hunter2"));
        assert_null(strstr(text, "word"));
    }
    assert_true(g_str_has_suffix(where, "/web.failed"));
    failure_bundle_remove(b);
    assert_false(g_file_test(where, G_FILE_TEST_EXISTS));
    g_ptr_array_unref(p.files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(of_a_machine),
                                       cmocka_unit_test(of_an_error), cmocka_unit_test(bundle)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
