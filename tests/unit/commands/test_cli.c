/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "program.h"

#include "base/error.h"
#include "base/files.h"
#include "base/spawn.h"
#include "commands/commands.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The program as people and CI servers call it: what it prints where, and its exit codes. */

/* Every case: arguments, exit code, what standard error says. */
static void usage_errors(void **state)
{
    static const struct {
        const char *args[6];
        const char *says;
    } cases[] = {
        {{"biuld"}, "did you mean 'build'?"},
        {{"zzzzzz"}, "`ingot --help` lists the commands"},
        {{"build"}, "build: an argument is missing"},
        {{"build", "a", "b"}, "build: too many arguments"},
        {{"build", "a", "b", "--report", "r.html"}, "build: too many arguments"},
        {{"sysprep", "a", "b", "--ssh-key", "a:b"}, "sysprep: too many arguments"},
        {{"plan", "a", "b", "--mirror", "http://mirror.test"}, "plan: too many arguments"},
        {{"plan", "x", "--format", "xml"}, "unknown format 'xml'"},
        {{"plan", "x", "--no-such"}, "`ingot plan --help` lists the options"},
        {{"build", "x", "--max-age", "5"}, "'5' is not an age"},
        {{"build", "x", "--report", "/no/such/r.html"}, "--report: cannot write /no/such/r.html"},
        {{"build", "x", "--junit", "/dev/null"}, "--junit: cannot write /dev/null"},
        {{"check"}, "no recipe is named"},
        {{"cache", "--prune", "soon"}, "'soon' is not an age"},
        {{"cache", "--max-size", "much"}, "--max-size: 'much' is not a size for the cache"},
        {{"cache", "--max-size", "0"}, "write it as 10GiB"},
        {{"cache", "--max-size", "1G", "--prune", "soon"}, "'soon' is not an age"},
        {{"help", "nothing"}, "unknown command 'nothing'"},
        {{"diff", "a.qcow2"}, "diff: an argument is missing"},
        {{"diff", "a", "b", "c"}, "diff: too many arguments"},
        {{"plan", "x", "--format", "sarif"}, "unknown format 'sarif'"},
        {{"inspect", "a", "--format", "xml"}, "--format is text or json or sarif"},
        {{"inspect"}, "no image is named"},
        {{"inspect", "a", "--disable", "swap-fiel"}, "did you mean 'swap-file'?"},
        {{"inspect", "a", "--image-format", "vmdk"}, "--image-format is qcow2 or raw"},
        {{"verify", "a", "--image-format", ""}, "unknown image format ''"},
        {{"diff", "a", "b", "--image-format", "tar,qcow2"}, "unknown image format 'tar'"},
        {{"sysprep", "a", "--enable", "swop"}, "did you mean 'swap'?"},
        {{"sysprep", "a", "--compact", "small"}, "goes with --copy"},
        {{"sysprep"}, "no image is named"},
        {{"verify"}, "no image is named"},
        {{"console", "no-such-build"}, "no build of no-such-build is installing"},
        {{"resume", "no-such-build"}, "no build of no-such-build is installing"},
        {{"stop", "no-such-build"}, "no build of no-such-build is installing"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct outcome o = program_run(NULL, cases[i].args);
        if (o.code != INGOT_EXIT_USAGE || !strstr(o.err, cases[i].says))
            fail_msg("ingot %s: exit %d, '%s'", cases[i].args[0], o.code, o.err);
        assert_string_equal(o.out, "");
        outcome_clear(&o);
    }
}

/* With a bad limit nothing is done, by whichever command would heed it. */
static void cache_limit(void **state)
{
    (void)state;
    g_setenv("INGOT_CACHE_SIZE", "10 elephants", TRUE);
    struct outcome list = RUN("cache"), prune = RUN("cache", "--prune", "0s");
    struct outcome bad = RUN("build", "no-such-recipe.yaml");
    g_setenv("INGOT_CACHE_SIZE", "1.5GiB", TRUE);
    struct outcome good = RUN("cache", "--cache", "/no/such/cache");
    struct outcome json = RUN("cache", "--format", "json", "--cache", "/no/such/cache");
    g_unsetenv("INGOT_CACHE_SIZE");
    struct outcome none = RUN("cache", "--format", "json", "--cache", "/no/such/cache");
    struct outcome *const refused[] = {&list, &prune, &bad};
    for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
        assert_int_equal(refused[i]->code, INGOT_EXIT_USAGE);
        assert_non_null(strstr(refused[i]->err, "INGOT_CACHE_SIZE: '10 elephants' is not a size"));
        assert_string_equal(refused[i]->out, "");
        outcome_clear(refused[i]);
    }
    assert_non_null(strstr(good.out, "1.5 GiB"));
    json_t *with = json_loads(json.out, 0, NULL), *without = json_loads(none.out, 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(with, "limit")), 1610612736);
    assert_true(json_is_integer(json_object_get(with, "media")));
    assert_true(json_is_null(json_object_get(without, "limit")));
    json_decref(with);
    json_decref(without);
    outcome_clear(&good);
    outcome_clear(&json);
    outcome_clear(&none);
}

static void help_and_version(void **state)
{
    (void)state;
    struct outcome none = program_run(NULL, (const char *const[]){NULL});
    struct outcome help = RUN("--help");
    struct outcome build = RUN("build", "--help");
    struct outcome other = RUN("help", "build");
    struct outcome version = RUN("--version");
    assert_int_equal(none.code, INGOT_EXIT_USAGE);
    assert_string_equal(none.err, help.out);
    assert_int_equal(help.code, 0);
    assert_non_null(strstr(help.out, "doctor"));
    assert_int_equal(build.code, 0);
    assert_non_null(strstr(build.out, "--max-age=AGE"));
    assert_string_equal(build.out, other.out);
    assert_true(g_str_has_prefix(version.out, "ingot 0."));
    outcome_clear(&none);
    outcome_clear(&help);
    outcome_clear(&build);
    outcome_clear(&other);
    outcome_clear(&version);
}

/* Every command and every exit code is in the man page. */
static void man_page(void **state)
{
    static const char *const wanted[] = {".TH INGOT 1",       "ingot build", "ingot doctor",
                                         "130 (interrupted)", "8 (policy)",  "10 (different)",
                                         "INGOT_MIRROR",      NULL};
    (void)state;
    struct outcome o = RUN("--man");
    assert_int_equal(o.code, 0);
    for (gsize i = 0; wanted[i]; i++)
        if (!strstr(o.out, wanted[i]))
            fail_msg("'%s' is not in the man page", wanted[i]);
    outcome_clear(&o);
}

static char *shipped(void)
{
    return g_build_filename(g_getenv("INGOT_TEST_SOURCE"), "recipes", "debian-13-di.yaml", NULL);
}

static void check_is_good(void **state)
{
    (void)state;
    g_autofree char *path = shipped();
    struct outcome o = RUN("check", path, "--mirror", "http://mirror.test/debian");
    if (o.code != 0)
        fail_msg("%s", o.err);
    outcome_clear(&o);
}

/* All problems of form, with file, line and column at the beginning of the line, and exit 3. */
static void check_tells_all(void **state)
{
    (void)state;
    g_autofree char *path = NULL;
    close(g_file_open_tmp("ingot-XXXXXX.yaml", &path, NULL));
    assert_true(g_file_set_contents(path,
                                    "name: x\nfamily: debian\nrelease: trixie\ndisk: {siez: 8GiB}\n"
                                    "packgaes: [vim]\n",
                                    -1, NULL));
    struct outcome o = RUN("check", path);
    g_autofree char *first = g_strdup_printf("%s:4:8: ", path);
    g_autofree char *second = g_strdup_printf("%s:5:1: ", path);
    assert_int_equal(o.code, INGOT_EXIT_RECIPE);
    assert_non_null(strstr(o.err, first));
    assert_non_null(strstr(o.err, second));
    assert_non_null(strstr(o.err, "packages"));
    outcome_clear(&o);
    remove(path);
}

static void absent_recipe(void **state)
{
    (void)state;
    struct outcome o = RUN("build", "/no/such/recipe.yaml");
    assert_int_equal(o.code, INGOT_EXIT_RECIPE);
    assert_non_null(strstr(o.err, "/no/such/recipe.yaml"));
    outcome_clear(&o);
}

/* A pipe that nobody writes to is refused, not waited for. */
static void recipe_is_a_file(void **state)
{
    (void)state;
    g_autofree char *folder = files_temp_dir(g_get_tmp_dir(), "ingot-cli", NULL);
    g_autofree char *fifo = g_build_filename(folder, "recipe.yaml", NULL);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    (void)alarm(60); /* it would wait for ever */
    struct outcome o = RUN("check", fifo, "/dev/zero", folder);
    (void)alarm(0);
    assert_int_equal(o.code, INGOT_EXIT_RECIPE);
    assert_non_null(strstr(o.err, "recipe.yaml is not a regular file"));
    assert_non_null(strstr(o.err, "/dev/zero is not a regular file"));
    assert_non_null(strstr(o.err, folder));
    outcome_clear(&o);
    files_remove_tree(folder);
}

/* A bit a signal in the line SigCgt of proc(5), /proc/PID/status, says that it is caught. */
static gboolean catches(const char *pid, int number)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/status", pid), *text = NULL;
    const char *line =
        g_file_get_contents(path, &text, NULL, NULL) ? strstr(text, "\nSigCgt:") : NULL;
    return line && g_ascii_strtoull(line + strlen("\nSigCgt:\t"), NULL, 16) >> (number - 1) & 1;
}

/* A writer that says nothing and does not end: one signal ends the wait for it. */
static void silent_pipe(void **state)
{
    (void)state;
    g_autofree char *err = NULL;
    g_autoptr(GSubprocess) child = g_subprocess_new(
        G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, NULL,
        g_getenv("INGOT_TEST_PROGRAM"), "check", "/dev/stdin", "/no/such/recipe.yaml", NULL);
    assert_non_null(child);
    (void)alarm(60); /* it would wait for ever, and ends with the pipe */
    g_autofree char *pid = g_strdup(g_subprocess_get_identifier(child));
    while (!catches(pid, SIGTERM))
        g_usleep(1000);
    g_subprocess_send_signal(child, SIGTERM);
    GInputStream *said = g_subprocess_get_stderr_pipe(child);
    g_autoptr(GBytes) bytes = g_input_stream_read_bytes(said, 4096, NULL, NULL);
    assert_true(g_subprocess_wait(child, NULL, NULL));
    (void)alarm(0);
    assert_true(g_subprocess_get_if_exited(child));
    assert_int_equal(g_subprocess_get_exit_status(child), INGOT_EXIT_INTERRUPTED);
    err = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    assert_null(strstr(err, "/no/such/recipe.yaml"));
}

static void errors_as_json(void **state)
{
    (void)state;
    struct outcome o = RUN("check", "/no/such/recipe.yaml", "--format", "json");
    json_t *event = json_loads(o.out, 0, NULL);
    assert_non_null(event);
    assert_string_equal(json_string_value(json_object_get(event, "event")), "error");
    assert_int_equal(json_integer_value(json_object_get(event, "exit")), o.code);
    json_decref(event);
    outcome_clear(&o);
}

/* Each command explains itself and refuses what it does not know, in the same words as the others.
 */
static void every_command(void **state)
{
    (void)state;
    for (const command *const *c = commands_table(); *c; c++) {
        struct outcome help = RUN((*c)->name, "--help"), typo = RUN((*c)->name, "--no-such-option");
        g_autofree char *usage =
            g_strdup_printf("ingot %s [OPTION…] %s", (*c)->name, (*c)->arguments);
        g_autofree char *hint = g_strdup_printf("`ingot %s --help` lists the options", (*c)->name);
        if (help.code != 0 || !strstr(help.out, g_strchomp(usage)) ||
            !strstr(help.out, (*c)->heading) || !strstr(help.out, (*c)->description) ||
            !strstr(help.out, "--format="))
            fail_msg("ingot %s --help: exit %d, %s", (*c)->name, help.code, help.out);
        for (const GOptionEntry *e = (*c)->entries; e && e->long_name; e++) {
            g_autofree char *option = g_strconcat("--", e->long_name, NULL);
            assert_non_null(strstr(help.out, option));
        }
        assert_int_equal(typo.code, INGOT_EXIT_USAGE);
        assert_non_null(strstr(typo.err, hint));
        assert_string_equal(typo.out, "");
        outcome_clear(&help);
        outcome_clear(&typo);
    }
}

/* What cannot be opened is one event on standard output, with the exit code of the program. */
static void image_errors_as_json(void **state)
{
    static const char *const calls[][2] = {
        {"inspect"}, {"verify"}, {"sysprep"}, {"diff", "/no/such"}};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
        struct outcome o = RUN(calls[i][0], "--format", "json", "/no/such", calls[i][1]);
        json_t *event = outcome_json(&o);
        assert_int_equal(o.code, INGOT_EXIT_SEAL);
        assert_string_equal(text_of(event, "event"), "error");
        assert_non_null(strstr(text_of(event, "message"), "/no/such"));
        assert_int_equal(json_integer_value(json_object_get(event, "exit")), o.code);
        assert_string_equal(o.err, "");
        json_decref(event);
        outcome_clear(&o);
    }
}

/* A row each, in columns. */
static void lists_as_text(void **state)
{
    static const struct {
        const char *command, *row;
    } cases[] = {{"sysprep", "\n* machine-id               "},
                 {"sysprep", "\n  fs-uuids                 "},
                 {"inspect", "\nswap-file            error    "},
                 {"verify", "\nmachine-id           Each clone has"}};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct outcome o = RUN(cases[i].command, "--list");
        g_autofree char *text = g_strconcat("\n", o.out, NULL);
        assert_int_equal(o.code, 0);
        if (!strstr(text, cases[i].row))
            fail_msg("'%s' is not in\n%s", cases[i].row, text);
        outcome_clear(&o);
    }
}

static void rules_as_json(void **state)
{
    (void)state;
    struct outcome text = RUN("inspect", "--list");
    struct outcome o = RUN("inspect", "--list", "--format", "json");
    struct outcome help = RUN("inspect", "--help");
    json_t *rules = json_loads(o.out, 0, NULL);
    assert_int_equal(text.code, 0);
    assert_non_null(strstr(text.out, "swap-file"));
    assert_true(json_array_size(rules) > 20);
    assert_non_null(strstr(help.out, "--format=text|json|sarif"));
    json_decref(rules);
    outcome_clear(&text);
    outcome_clear(&o);
    outcome_clear(&help);
}

static void schema(void **state)
{
    (void)state;
    struct outcome o = RUN("check", "--schema");
    json_t *schema_json = json_loads(o.out, 0, NULL);
    assert_non_null(schema_json);
    json_decref(schema_json);
    outcome_clear(&o);
}

/* An appliance of empty files, and a QEMU that only writes down its environment. */
static void fake_libguestfs(const char *folder, const char *env_file)
{
    static const char *const names[] = {"README.fixed", "kernel", "initrd", "root"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        assert_true(g_file_set_contents(path, "", 0, NULL));
    }
    g_autofree char *hv = g_build_filename(folder, "hv", NULL);
    g_autofree char *script = g_strdup_printf("#!/bin/sh\nenv >'%s'\nexit 1\n", env_file);
    assert_true(files_write_atomic(hv, script, -1, 0755, NULL));
    assert_true(g_setenv("LIBGUESTFS_HV", hv, TRUE));
    assert_true(g_setenv("LIBGUESTFS_PATH", folder, TRUE));
    assert_true(g_setenv("LIBGUESTFS_BACKEND", "direct", TRUE));
}

/* libguestfs starts QEMU by itself: what ingot has in its environment is what that sees. */
static void environment_of_the_appliance(void **state)
{
    (void)state;
    g_autofree char *folder = files_temp_dir(g_get_tmp_dir(), "ingot-cli", NULL);
    g_autofree char *env_file = g_build_filename(folder, "environment", NULL);
    g_autofree char *image = g_build_filename(folder, "a.qcow2", NULL);
    const char *const argv[] = {"qemu-img", "create", "-q", "-f", "qcow2", image, "64M", NULL};
    assert_true(spawn_run(argv, NULL, NULL, NULL));
    fake_libguestfs(folder, env_file);
    assert_true(g_setenv("SECRET_TOKEN", "hunter2", TRUE));
    struct outcome o = RUN("inspect", image);
    g_autofree char *seen = files_read(env_file, 1 << 16, NULL, NULL);
    assert_int_not_equal(o.code, 0);
    if (!seen)
        fail_msg("QEMU was not started: %s", o.err);
    assert_null(strstr(seen, "SECRET_TOKEN"));
    assert_non_null(strstr(seen, "LIBGUESTFS_HV="));
    outcome_clear(&o);
    g_unsetenv("LIBGUESTFS_HV");
    g_unsetenv("LIBGUESTFS_PATH");
    g_unsetenv("LIBGUESTFS_BACKEND");
    g_unsetenv("SECRET_TOKEN");
    files_remove_tree(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usage_errors),
        cmocka_unit_test(cache_limit),
        cmocka_unit_test(help_and_version),
        cmocka_unit_test(man_page),
        cmocka_unit_test(check_is_good),
        cmocka_unit_test(check_tells_all),
        cmocka_unit_test(absent_recipe),
        cmocka_unit_test(recipe_is_a_file),
        cmocka_unit_test(silent_pipe),
        cmocka_unit_test(every_command),
        cmocka_unit_test(image_errors_as_json),
        cmocka_unit_test(lists_as_text),
        cmocka_unit_test(errors_as_json),
        cmocka_unit_test(rules_as_json),
        cmocka_unit_test(schema),
        cmocka_unit_test(environment_of_the_appliance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
