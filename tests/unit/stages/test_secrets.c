/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sample.h"

#include "base/spawn.h"
#include "stages/failure_bundle.h"
#include "stages/build_record.h"

#include <glib/gstdio.h>
#include <string.h>

/* Secrets of every kind, put where a build says something: no file that it leaves has one, however
 * it is written there. */

static const char key[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
                          "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUA\n"
                          "QyNTUxOQAAACBzZWNyZXQta2V5LWhlcm\n"
                          "-----END OPENSSH PRIVATE KEY-----";
static const char *const values[] = {"qu\"ote\\q9371z",
                                     "tick'<tag>&q9372z",
                                     "Gr\xc3\xbc\xc3\x9f"
                                     "eq9373z",
                                     "latin\xe9"
                                     "q9374z",
                                     "two\nlines-of-q9375z",
                                     key,
                                     NULL};
/* Of each, what no spelling changes. */
static const char *const traces[] = {"q9371z", "q9372z",       "q9373z",     "q9374z",
                                     "q9375z", "b3BlbnNzaC1r", "QyNTUxOQAA", NULL};

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-secrets");
}

static secrets *all_secrets(void)
{
    secrets *s = secrets_new();
    for (const char *const *v = values; *v; v++)
        secrets_add(s, *v);
    return s;
}

/* All in one text, as a guest says it: in lines that end with CR LF. */
static char *everything(void)
{
    g_autofree char *lines = g_strjoinv("\n", (char **)values);
    g_auto(GStrv) parts = g_strsplit(lines, "\n", -1);
    return g_strjoinv("\r\n", parts);
}

static void assert_clean_file(const char *path)
{
    gsize length;
    g_autofree char *text = files_read(path, 1 << 24, &length, NULL);
    assert_non_null(text);
    for (const char *const *t = traces; *t; t++)
        if (memmem(text, length, *t, strlen(*t)))
            fail_msg("%s has %s: %s", path, *t, text);
}

static guint assert_clean(const char *dir_path)
{
    guint n = 0;
    const char *name;
    g_autoptr(GDir) dir = g_dir_open(dir_path, 0, NULL);
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(dir_path, name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
            assert_clean_file(path);
            n++;
        }
    }
    return n;
}

static plan secret_plan(const char *said, const char *file)
{
    plan p = sample_plan();
    struct os_file *f = g_new0(struct os_file, 1);
    p.installer = os_installers()[0];
    p.description = (char *)"a \"qu\"ote\\q9371z\"";
    p.recipe_text = (char *)said;
    p.mirror_override = (char *)"http://user:qu%22@mirror.example.org/tick'<tag>&q9372z";
    p.vm.name = p.name;
    p.vm.command_line = (char *)"x=tick'<tag>&q9372z";
    f->path = g_strdup("answers.cfg");
    f->data = g_bytes_new(file, strlen(file));
    p.files = g_ptr_array_new();
    g_ptr_array_add(p.files, f);
    return p;
}

static void plan_done(plan *p)
{
    struct os_file *f = g_ptr_array_index(p->files, 0);
    g_free((char *)f->path);
    g_bytes_unref(f->data);
    g_free(f);
    g_ptr_array_unref(p->files);
}

static void fill_build(build *b, const char *said)
{
    static const char *const logs[] = {"console.log", "log.log", "seed.log", "qemu.log"};
    for (gsize i = 0; i < G_N_ELEMENTS(logs); i++) {
        g_autofree char *path = g_build_filename(b->log_dir, logs[i], NULL);
        assert_true(g_file_set_contents(path, said, -1, NULL));
    }
    add_timing(b, "media", 1, NULL);
    struct timeline_stage *t = add_timing(b, "install", 2, "key");
    t->good = FALSE;
    t->why = g_strdup(said);
    add_phase(b, t, values[0], 2);
    struct install_record *r = install_record_new("system");
    struct install_picture *picture = g_new0(struct install_picture, 1);
    picture->phase = g_strdup("boot");
    picture->text = g_strdup(said);
    g_ptr_array_add(r->pictures, picture);
    sample_machine(b, r, 0);
}

static void progress_says(enum progress_format format, const char *path, const secrets *hidden,
                          const char *said)
{
    FILE *out = fopen(path, "w");
    g_autoptr(GError) error = NULL;
    progress *p = progress_new(format, PROGRESS_VERBOSE, out, hidden);
    ingot_set_error(&error, INGOT_EXIT_INSTALL, said, "%s", said);
    progress_stage(p, "install");
    progress_phase(p, values[0]);
    progress_info(p, "%s", said);
    progress_detail(p, "%s", values[1]);
    progress_error(p, error, 6);
    progress_free(p);
    fclose(out);
}

static void nowhere(void **state)
{
    (void)state;
    g_autofree char *said = everything();
    g_autoptr(secrets) hidden = all_secrets();
    plan p = secret_plan(said, said);
    g_autoptr(build) b = sample_build(&p, hidden);
    g_autoptr(GError) error = NULL;
    g_autofree char *html = g_build_filename(folder, "report.html", NULL);
    g_autofree char *junit = g_build_filename(folder, "junit.xml", NULL);
    g_autofree char *events = g_build_filename(folder, "events.json", NULL);
    g_autofree char *lines = g_build_filename(folder, "lines.txt", NULL);
    b->options.report = html;
    b->options.junit = junit;
    fill_build(b, said);
    ingot_set_error(&error, INGOT_EXIT_INSTALL, said, "%s", said);
    b->bundle = failure_bundle_save(b, "install", 6, error);
    build_record_write(b, "install", error);
    progress_says(PROGRESS_JSON, events, hidden, said);
    progress_says(PROGRESS_TEXT, lines, hidden, said);
    assert_true(assert_clean(b->bundle) >= 9);
    assert_int_equal(assert_clean(folder), 4);
    plan_done(&p);
}

/* The manifest: the stage writes it and then finds no image. */
static void not_in_the_manifest(void **state)
{
    (void)state;
    g_autofree char *said = everything();
    g_autoptr(secrets) hidden = all_secrets();
    plan p = secret_plan(said, said);
    g_autoptr(build) b = sample_build(&p, hidden);
    g_autoptr(GError) error = NULL;
    b->staging = g_build_filename(folder, "staging", NULL);
    assert_int_equal(g_mkdir(b->staging, 0700), 0);
    fill_build(b, said);
    output_result *absent = g_new0(output_result, 1);
    output_file *file = g_new0(output_file, 1);
    *file = (output_file){g_strdup("web.qcow2"), 1, g_strdup("aa")};
    absent->format = output_formats()[0];
    absent->files = g_ptr_array_new_with_free_func((GDestroyNotify)output_file_free);
    g_ptr_array_add(absent->files, file);
    g_ptr_array_add(b->outputs, absent);
    assert_false(sample_stage("publish")->run(b, NULL, &error));
    assert_int_equal(assert_clean(b->staging), 1);
    plan_done(&p);
}

/* A shell reads the script, and it says what it does not replay. */
static void script_of_a_boot_command(void **state)
{
    (void)state;
    g_autoptr(secrets) hidden = all_secrets();
    plan p = secret_plan("name: web\n", "answers");
    p.boot_command = (char *)"<wait \"boot:\">it's<enter>";
    p.name = (char *)"it's web";
    g_autoptr(build) b = sample_build(&p, hidden);
    g_autoptr(GError) error = NULL;
    ingot_set_error(&error, INGOT_EXIT_INSTALL, NULL, "it failed");
    b->bundle = failure_bundle_save(b, "install", 6, error);
    g_autofree char *script = g_build_filename(b->bundle, "qemu.sh", NULL);
    g_autofree char *text = files_read(script, 1 << 16, NULL, NULL);
    const char *const argv[] = {"sh", "-n", script, NULL};
    g_autoptr(GError) bad = NULL;
    gboolean good = spawn_run(argv, NULL, NULL, &bad);
    assert_no_error(bad);
    assert_true(good);
    assert_non_null(strstr(text, "nothing is typed and no answer file is served"));
    failure_bundle_remove(b);
    plan_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nowhere),
                                       cmocka_unit_test(not_in_the_manifest),
                                       cmocka_unit_test(script_of_a_boot_command)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
