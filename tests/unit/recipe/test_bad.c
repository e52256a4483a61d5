/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "base/spawn.h"
#include "recipe/recipe.h"

#include <string.h>
#include <unistd.h>

/* tests/recipes/bad/NNN-what.yaml: what ingot says is NNN-what.expected, to the letter.  To accept
 * what it says now:  INGOT_TEST_UPDATE=1 meson test recipe/bad  (then read the difference). */

#define LEAST 40 /* an empty folder is no proof */

static char *folder(const char *name)
{
    return g_build_filename(g_getenv("INGOT_TEST_SOURCE"), "tests", "recipes", name, NULL);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *recipes_in(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    while (dir && (name = g_dir_read_name(dir)))
        if (g_str_has_suffix(name, ".yaml"))
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, by_name);
    return names;
}

/* What a person would see, and a line feed. */
static char *said(const char *name)
{
    g_autoptr(recipe_problems) problems = recipe_problems_new();
    g_autoptr(secrets) hidden = secrets_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(recipe) r = recipe_load(name, TRUE, hidden, problems, &error);
    if (r && recipe_problems_report(problems, &error))
        return g_strdup("");
    assert_int_equal(ingot_error_exit(error, INGOT_EXIT_FAILURE), INGOT_EXIT_RECIPE);
    g_autofree char *text = secrets_redact(hidden, error->message);
    return g_strconcat(text, "\n", NULL);
}

static void show_difference(const char *name, const char *want, const char *got)
{
    g_auto(GStrv) a = g_strsplit(want, "\n", -1);
    g_auto(GStrv) b = g_strsplit(got, "\n", -1);
    guint na = g_strv_length(a), nb = g_strv_length(b);
    print_error("--- %s\n", name);
    for (guint i = 0; i < MAX(na, nb); i++) {
        if (i < na && i < nb && strcmp(a[i], b[i]) == 0)
            continue;
        if (i < na)
            print_error("%u - %s\n", i + 1, a[i]);
        if (i < nb)
            print_error("%u + %s\n", i + 1, b[i]);
    }
}

/* 0 when it is as expected. */
static int compare(const char *name)
{
    g_autofree char *golden = g_strndup(name, strlen(name) - strlen(".yaml"));
    g_autofree char *path = g_strconcat(golden, ".expected", NULL);
    g_autofree char *got = said(name), *want = NULL;
    if (g_getenv("INGOT_TEST_UPDATE"))
        assert_true(g_file_set_contents(path, got, -1, NULL));
    if (!g_file_get_contents(path, &want, NULL, NULL))
        want = g_strdup("");
    if (*got && strcmp(want, got) == 0)
        return 0;
    show_difference(name, want, got);
    return 1;
}

static void bad(void **state)
{
    (void)state;
    g_autofree char *path = folder("bad"), *back = g_get_current_dir();
    g_autoptr(GPtrArray) names = recipes_in(path);
    assert_true(names->len >= LEAST);
    assert_int_equal(chdir(path), 0);
    int wrong = 0;
    for (guint i = 0; i < names->len; i++)
        wrong += compare(g_ptr_array_index(names, i));
    assert_int_equal(chdir(back), 0);
    assert_int_equal(wrong, 0);
}

/* ingot itself says the same, adds at most what the plan finds, and ends with the recipe's status.
 */
static void by_program(void **state)
{
    (void)state;
    static const char *const names[] = {"001-tab-indent", "034-missing-keys", "035-all-at-once",
                                        "038-words", "094-users"};
    g_autofree char *path = folder("bad");
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *yaml = g_strconcat(names[i], ".yaml", NULL);
        const char *argv[] = {g_getenv("INGOT_TEST_PROGRAM"), "check", yaml, NULL};
        const struct spawn_options options = {.directory = path};
        g_autoptr(GError) error = NULL;
        assert_false(spawn_run(argv, &options, NULL, &error));
        if (!strstr(error->message, "exited with status 3") || !strstr(error->message, yaml))
            fail_msg("%s: %s", yaml, error->message);
    }
}

static void load_good(const char *path)
{
    g_autoptr(recipe_problems) problems = recipe_problems_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(recipe) r = recipe_load(path, TRUE, NULL, problems, &error);
    assert_no_error(error);
    gboolean none = recipe_problems_report(problems, &error);
    assert_no_error(error);
    assert_true(none);
    assert_non_null(r->name);
}

static void good_in(const char *path)
{
    g_autoptr(GPtrArray) names = recipes_in(path);
    assert_true(names->len > 0);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *file = g_build_filename(path, g_ptr_array_index(names, i), NULL);
        load_good(file);
    }
}

static void good(void **state)
{
    (void)state;
    g_setenv("INGOT_TEST_PASSWORD", "correct horse", TRUE);
    g_autofree char *path = folder("good");
    good_in(path);
}

static void shipped(void **state)
{
    (void)state;
    g_autofree char *path = g_build_filename(g_getenv("INGOT_TEST_SOURCE"), "recipes", NULL);
    good_in(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad),
        cmocka_unit_test(by_program),
        cmocka_unit_test(good),
        cmocka_unit_test(shipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
