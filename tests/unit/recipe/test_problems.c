/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "recipe/internal.h"

#include <string.h>

static struct recipe *new_recipe(const char *text)
{
    struct recipe *r = g_new0(struct recipe, 1);
    r->path = g_strdup("a.yaml");
    r->lines = document_lines(text, strlen(text));
    r->places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return r;
}

static void place(struct recipe *r, const char *key, guint line, guint column)
{
    struct place *p = g_new(struct place, 1);
    *p = (struct place){line, column};
    g_hash_table_insert(r->places, g_strdup(key), p);
}

static void assert_report(const recipe_problems *problems, const char *want)
{
    g_autoptr(GError) error = NULL;
    assert_false(recipe_problems_report(problems, &error));
    assert_int_equal(error->code, INGOT_EXIT_RECIPE);
    assert_string_equal(error->message, want);
}

static void none(void **state)
{
    (void)state;
    g_autoptr(recipe_problems) problems = recipe_problems_new();
    g_autoptr(GError) error = NULL;
    assert_int_equal(recipe_problems_count(problems), 0);
    assert_true(recipe_problems_report(problems, &error));
    assert_no_error(error);
}

/* A key that is not in the file is shown at the nearest parent that is. */
static void nearest_parent(void **state)
{
    (void)state;
    g_autoptr(recipe) r = new_recipe("name: a\nmedia:\n  url: x\nusers:\n  - name: b\n");
    g_autoptr(recipe_problems) problems = recipe_problems_new();
    place(r, "media", 2, 1);
    place(r, "media.url", 3, 8);
    place(r, "users[0]", 5, 5);
    recipe_problem(problems, r, "users[0].groups[1]", NULL, "five");
    recipe_problem(problems, r, "users[7].name", NULL, "none of it is there");
    recipe_problem(problems, r, "media.url", NULL, "three");
    recipe_problem(problems, r, "media.apt.suite", "do it", "two: %d", 2);
    recipe_problem(problems, r, NULL, NULL, "top");
    assert_int_equal(recipe_problems_count(problems), 5);
    assert_report(problems, "a.yaml:1:1: none of it is there\n    name: a\n    ^\n"
                            "a.yaml:1:1: top\n    name: a\n    ^\n"
                            "a.yaml:2:1: two: 2\n    media:\n    ^\n(hint: do it)\n"
                            "a.yaml:3:8: three\n      url: x\n           ^\n"
                            "a.yaml:5:5: five\n      - name: b\n        ^");
}

/* The caret's line has the tabs of the line, two cells for a wide character, none for one that
 * combines. */
static void carets(void **state)
{
    (void)state;
    g_autoptr(recipe) r = new_recipe("\ta: 1\n\u30e1\u30e2: x\ne\u0301: x\n\x1b[31m: x");
    g_autoptr(recipe_problems) problems = recipe_problems_new();
    problems_at(problems, r, (struct place){1, 5}, NULL, "tab");
    problems_at(problems, r, (struct place){2, 5}, NULL, "wide");
    problems_at(problems, r, (struct place){3, 5}, NULL, "combining");
    problems_at(problems, r, (struct place){4, 8}, NULL, "escape");
    problems_at(problems, r, (struct place){9, 1}, NULL, "beyond");
    assert_report(problems, "a.yaml:1:5: tab\n    \ta: 1\n    \t   ^\n"
                            "a.yaml:2:5: wide\n    \u30e1\u30e2: x\n          ^\n"
                            "a.yaml:3:5: combining\n    e\u0301: x\n       ^\n"
                            "a.yaml:4:8: escape\n    ?[31m: x\n           ^\n"
                            "a.yaml:9:1: beyond");
}

static void column_beyond_line(void **state)
{
    (void)state;
    g_autoptr(recipe) r = new_recipe("abc");
    g_autoptr(recipe_problems) problems = recipe_problems_new();
    problems_at(problems, r, (struct place){1, 4000000000u}, NULL, "far");
    assert_report(problems, "a.yaml:1:4000000000: far\n    abc\n       ^");
}

static void assert_window(guint column, const char *begin)
{
    g_autofree char *text = g_strnfill(100000, 'x');
    text[column - 1] = '@';
    g_autoptr(recipe) r = new_recipe(text);
    g_autoptr(recipe_problems) problems = recipe_problems_new();
    g_autoptr(GError) error = NULL;
    problems_at(problems, r, (struct place){1, column}, NULL, "long");
    assert_false(recipe_problems_report(problems, &error));
    g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
    assert_int_equal(g_strv_length(lines), 3);
    assert_true(g_str_has_prefix(lines[1] + 4, begin));
    assert_true(g_utf8_strlen(lines[1], -1) < 110);
    glong at = g_utf8_pointer_to_offset(lines[1], strchr(lines[1], '@'));
    assert_int_equal(strchr(lines[2], '^') - lines[2], at);
}

static void long_lines(void **state)
{
    (void)state;
    assert_window(1, "@x");
    assert_window(50000, "…x");
    assert_window(100000, "…x");
}

static void too_many(void **state)
{
    (void)state;
    g_autoptr(recipe) r = new_recipe("a");
    g_autoptr(recipe_problems) problems = recipe_problems_new();
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < 5000; i++)
        recipe_problem(problems, r, NULL, NULL, "again");
    assert_int_equal(recipe_problems_count(problems), 5000);
    assert_false(recipe_problems_report(problems, &error));
    assert_true(g_str_has_suffix(error->message, "\nand 4900 more problems"));
}

static void quotes(void **state)
{
    (void)state;
    g_autofree char *plain = problems_quote("a\nb\tc\x1b[31md");
    g_autofree char *filler = g_strnfill(61, 'x');
    g_autofree char *cut = problems_quote(filler);
    assert_string_equal(plain, "\"a b cd\"");
    assert_true(g_str_has_suffix(cut, "x…\""));
}

/* What stands behind a key that looks like a password is not shown, at the same width. */
static void masks(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"password: hunter2", "password: *******"},
        {"  passwrd: \"hünter\" # x", "  passwrd: ************"},
        {"root: {password: a, pw: b}", "root: {password: *********"},
        {"password: ${env:PW}", "password: ${env:PW}"},
        {"password: file:pw", "password: file:pw"},
        {"password: 'file:pw'", "password: 'file:pw'"},
        {"password: |", "password: |"},
        {"url: http://a:b@c/", "url: http://a:*@c/"},
        {"hostname: web", "hostname: web"},
        {"packages: [vim]", "packages: [vim]"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) lines = document_lines(cases[i][0], strlen(cases[i][0]));
        assert_string_equal(lines[0], cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none),       cmocka_unit_test(nearest_parent),
        cmocka_unit_test(carets),     cmocka_unit_test(column_beyond_line),
        cmocka_unit_test(long_lines), cmocka_unit_test(too_many),
        cmocka_unit_test(quotes),     cmocka_unit_test(masks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
