/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../folder.h"

#include "base/error.h"
#include "commands/commands.h"

#include <string.h>

/* What the options and the environment of a call come to. */

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-call");
}

/* An option before a variable; an empty one is none. */
static void mirror(void **state)
{
    static const struct {
        const char *option, *variable, *want;
    } cases[] = {
        {NULL, NULL, NULL},
        {NULL, "INGOT_MIRROR=", NULL},
        {NULL, "INGOT_MIRROR=http://a.test", "http://a.test"},
        {"http://b.test", "INGOT_MIRROR=http://a.test", "http://b.test"},
        {"", "INGOT_MIRROR=http://a.test", NULL},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *const environment[] = {cases[i].variable, NULL};
        const struct call c = {.planning.mirror = (char *)cases[i].option,
                               .environment = environment};
        const char *have = call_mirror_override(&c);
        assert_true(g_strcmp0(have, cases[i].want) == 0);
    }
}

static void cache_limit(void **state)
{
    static const struct {
        const char *variable;
        guint64 want; /* G_MAXUINT64: refused */
    } cases[] = {{NULL, 0},
                 {"INGOT_CACHE_SIZE=", 0},
                 {"INGOT_CACHE_SIZE=1KiB", 1024},
                 {"INGOT_CACHE_SIZE=0", G_MAXUINT64},
                 {"INGOT_CACHE_SIZE=-1", G_MAXUINT64}};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *const environment[] = {cases[i].variable, NULL};
        const struct call c = {.environment = environment};
        g_autoptr(GError) error = NULL;
        guint64 bytes = 1;
        gboolean good = call_cache_limit(&c, &bytes, &error);
        assert_true(good == (cases[i].want != G_MAXUINT64));
        if (good)
            assert_int_equal(bytes, cases[i].want);
        else
            assert_error_says(error, INGOT_EXIT_USAGE, "INGOT_CACHE_SIZE: ");
    }
}

static plan *plan_text(const char *text, const char *as, secrets *hidden, GError **error)
{
    static const char *const environment[] = {"INGOT_MIRROR=http://me:s3same@a.test/debian", NULL};
    g_autofree char *path = g_build_filename(folder, "recipe.yaml", NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
    struct call c = {
        .planning.cache = folder, .environment = environment, .recipe_as = as, .hidden = hidden};
    return call_plan(&c, path, FALSE, FALSE, error);
}

#define RECIPE "name: web\nfamily: debian\nrelease: trixie\n"

/* The plan has what the call says, and the mirror's password is a secret from then on. */
static void plan_of_a_call(void **state)
{
    (void)state;
    g_autoptr(secrets) hidden = secrets_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(plan) p = plan_text(RECIPE, NULL, hidden, &error);
    assert_no_error(error);
    g_autofree char *masked = secrets_redact(hidden, "s3same");
    assert_string_equal(masked, "<secret>");
    assert_string_equal(p->cache_dir, folder);
    assert_string_equal(p->out_dir, "out");
    assert_string_equal(p->mirror_override, "http://me:s3same@a.test/debian");
}

/* Every problem of form is in the one error; a copy has the name of what it is a copy of. */
static void problems(void **state)
{
    (void)state;
    g_autoptr(secrets) hidden = secrets_new();
    g_autoptr(GError) error = NULL;
    assert_null(plan_text(RECIPE "one: 1\ntwo: 2\n", "/elsewhere/web.yaml", hidden, &error));
    assert_error_says(error, INGOT_EXIT_RECIPE, "/elsewhere/web.yaml:4:1: ");
    assert_error_says(error, INGOT_EXIT_RECIPE, "/elsewhere/web.yaml:5:1: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mirror), cmocka_unit_test(cache_limit),
                                       cmocka_unit_test(plan_of_a_call),
                                       cmocka_unit_test(problems)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
