/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "program.h"

#include "../folder.h"

#include "base/error.h"

#include <string.h>

/* What the commands that need no image print as --format json, and how they end. */

#define MIRROR "http://mirror.test/debian"

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-documents");
}

static char *shipped(void)
{
    return g_build_filename(g_getenv("INGOT_TEST_SOURCE"), "recipes", "debian-13-di.yaml", NULL);
}

static char *write_recipe(const char *name, const char *text)
{
    char *path = g_build_filename(folder, name, NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

/* One event a recipe, and the exit code of the last that is bad. */
static void check(void **state)
{
    (void)state;
    g_autofree char *good = shipped(), *bad = write_recipe("bad.yaml", "name: x\nbad: 1\n");
    struct outcome o = RUN("check", "--format", "json", "--mirror", MIRROR, bad, good);
    g_auto(GStrv) lines = g_strsplit(g_strchomp(o.out), "\n", -1);
    assert_int_equal(o.code, INGOT_EXIT_RECIPE);
    assert_int_equal(g_strv_length(lines), 2);
    json_t *first = json_loads(lines[0], 0, NULL), *second = json_loads(lines[1], 0, NULL);
    assert_string_equal(text_of(first, "event"), "error");
    assert_non_null(strstr(text_of(first, "message"), "bad.yaml:2:1: "));
    assert_int_equal(json_integer_value(json_object_get(first, "exit")), INGOT_EXIT_RECIPE);
    assert_string_equal(text_of(second, "event"), "info");
    assert_true(g_str_has_suffix(text_of(second, "message"), "debian-13-di.yaml: good"));
    assert_string_equal(o.err, "");
    json_decref(first);
    json_decref(second);
    outcome_clear(&o);
}

/* Nothing of a secret, and what the options say. */
static void plan_of_a_recipe(void **state)
{
    (void)state;
    g_autofree char *path = write_recipe("web.yaml", "name: web\nfamily: debian\nrelease: trixie\n"
                                                     "root: {password: hunter2hunter2}\n");
    struct outcome text = RUN("plan", path, "--mirror", "http://me:s3same@mirror.test/debian",
                              "--out", "elsewhere", "--cache", folder);
    struct outcome o = RUN("plan", path, "--mirror", "http://me:s3same@mirror.test/debian", "--out",
                           "elsewhere", "--cache", folder, "--format", "json");
    json_t *plan = outcome_json(&o);
    assert_int_equal(text.code, 0);
    assert_int_equal(o.code, 0);
    assert_string_equal(text_of(plan, "name"), "web");
    assert_non_null(strstr(o.out, "elsewhere"));
    assert_non_null(strstr(text.out, "elsewhere"));
    assert_non_null(strstr(o.out, "mirror.test"));
    assert_null(strstr(o.out, "hunter2"));
    assert_null(strstr(text.out, "hunter2"));
    assert_null(strstr(o.out, "s3same"));
    assert_null(strstr(text.out, "s3same"));
    json_decref(plan);
    outcome_clear(&text);
    outcome_clear(&o);
}

/* The answer file goes to standard output, masked unless that is asked for. */
static void render(void **state)
{
    (void)state;
    g_autofree char *path =
        write_recipe("answers.yaml", "name: web\nfamily: debian\nrelease: trixie\n"
                                     "installer: debian-installer\n"
                                     "root: {password: file:word}\n");
    g_autofree char *word = write_recipe("word", "hunter2hunter2\n");
    struct outcome names = RUN("render", path, "--mirror", MIRROR, "--file", "list");
    struct outcome masked = RUN("render", path, "--mirror", MIRROR);
    struct outcome open = RUN("render", path, "--mirror", MIRROR, "--show-secrets");
    struct outcome none = RUN("render", path, "--mirror", MIRROR, "--file", "no/such");
    assert_int_equal(names.code, 0);
    assert_non_null(strstr(names.out, "preseed.cfg\n"));
    assert_int_equal(masked.code, 0);
    assert_non_null(strstr(masked.out, "root-password-crypted password <secret>\n"));
    assert_non_null(strstr(masked.err, "--show-secrets"));
    assert_non_null(strstr(open.out, "root-password-crypted password $"));
    assert_int_equal(none.code, INGOT_EXIT_USAGE);
    assert_non_null(strstr(none.err, "the installer gets no file 'no/such'"));
    outcome_clear(&names);
    outcome_clear(&masked);
    outcome_clear(&open);
    outcome_clear(&none);
}

/* Sizes, what goes of it, and that a cache that is not there is empty. */
static void cache(void **state)
{
    (void)state;
    g_autofree char *media = g_build_filename(folder, "media", NULL);
    g_autofree char *file = g_build_filename(media, "left", NULL);
    assert_true(files_mkdir(media, FALSE, NULL));
    assert_true(files_write_atomic(file, "some bytes", -1, 0600, NULL));
    struct outcome full = RUN("cache", "--format", "json", "--cache", folder);
    struct outcome none = RUN("cache", "--format", "json", "--cache", "/no/such/cache");
    struct outcome prune = RUN("cache", "--format", "json", "--cache", folder, "--prune", "0s");
    struct outcome quiet = RUN("cache", "-q", "--cache", folder, "--max-size", "1G");
    json_t *sizes = outcome_json(&full), *zero = outcome_json(&none), *event = outcome_json(&prune);
    assert_string_equal(text_of(sizes, "directory"), folder);
    assert_true(json_integer_value(json_object_get(sizes, "media")) > 0);
    assert_true(json_is_null(json_object_get(sizes, "limit")));
    assert_int_equal(json_integer_value(json_object_get(zero, "media")), 0);
    assert_non_null(strstr(text_of(event, "message"), "removed"));
    assert_int_equal(full.code | none.code | prune.code | quiet.code, 0);
    assert_string_equal(quiet.out, "");
    assert_string_equal(quiet.err, "");
    json_decref(sizes);
    json_decref(zero);
    json_decref(event);
    outcome_clear(&full);
    outcome_clear(&none);
    outcome_clear(&prune);
    outcome_clear(&quiet);
}

static const json_t *finding_of(const json_t *all, const char *name)
{
    size_t i;
    json_t *one;
    json_array_foreach(all, i, one)
    {
        if (strcmp(text_of(one, "name"), name) == 0)
            return one;
    }
    fail_msg("doctor says nothing of %s", name);
    return NULL;
}

/* On a host that has no programs at all: what is missing, why, and exit 4. */
static void doctor(void **state)
{
    (void)state;
    g_autofree char *cache_dir = g_build_filename(folder, "cache", NULL);
    g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "PATH", folder, TRUE);
    struct outcome o =
        program_run(environment, (const char *const[]){"doctor", "--format", "json", "--cache",
                                                       cache_dir, "--mirror", MIRROR, NULL});
    g_auto(GStrv) parts = g_strsplit(o.out, "\n]\n", 2); /* then the event of the failure */
    g_autofree char *list = g_strconcat(parts[0], "\n]\n", NULL);
    json_t *all = json_loads(list, 0, NULL);
    assert_int_equal(o.code, INGOT_EXIT_HOST);
    assert_true(json_is_array(all));
    assert_string_equal(text_of(finding_of(all, "qemu-system-x86_64"), "verdict"), "missing");
    const json_t *one;
    size_t i;
    json_array_foreach(all, i, one) assert_null(strchr(text_of(one, "text"), '\n'));
    assert_non_null(strstr(text_of(finding_of(all, "qemu-img"), "text"), "qemu-utils"));
    assert_string_equal(text_of(finding_of(all, "qemu-system-aarch64"), "verdict"), "warning");
    assert_string_equal(text_of(finding_of(all, "accelerator"), "verdict"), "missing");
    assert_non_null(text_of(finding_of(all, "sandbox"), "text"));
    assert_string_equal(text_of(finding_of(all, "mirror"), "text"), MIRROR);
    assert_non_null(strstr(text_of(finding_of(all, "cache"), "text"), cache_dir));
    assert_non_null(strstr(parts[1], "things that a build needs are missing"));
    json_decref(all);
    outcome_clear(&o);
}

/* The tables of the rooms below, each row with its words. */
static void lists(void **state)
{
    static const char *const commands[] = {"sysprep", "inspect", "verify"};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
        struct outcome o = RUN(commands[i], "--list", "--format", "json");
        json_t *all = outcome_json(&o), *one;
        size_t n;
        assert_int_equal(o.code, 0);
        assert_true(json_array_size(all) > 5);
        json_array_foreach(all, n, one)
        {
            assert_string_not_equal(text_of(one, "name"), "");
            assert_string_not_equal(text_of(one, "heading"), "");
        }
        json_decref(all);
        outcome_clear(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check), cmocka_unit_test(plan_of_a_recipe), cmocka_unit_test(render),
        cmocka_unit_test(cache), cmocka_unit_test(doctor),           cmocka_unit_test(lists),
    };
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
