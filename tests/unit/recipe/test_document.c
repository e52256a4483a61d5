/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "recipe/internal.h"

#include <string.h>

/* Whatever is in a file: an answer soon, and never a crash.  What each error says is in
 * tests/recipes/bad. */

#define PATIENCE_US (20 * G_USEC_PER_SEC) /* what is quadratic takes minutes */

/* What is said of the text; "" when it is good. */
static char *answer(const char *text, gsize length)
{
    g_autoptr(recipe_problems) problems = recipe_problems_new();
    g_autoptr(GError) error = NULL;
    gint64 began = g_get_monotonic_time();
    g_autoptr(recipe) r = recipe_parse("x.yaml", text, length, FALSE, NULL, problems, &error);
    gboolean good = r && recipe_problems_report(problems, &error);
    if (g_get_monotonic_time() - began > PATIENCE_US)
        fail_msg("%.40s… takes too long", text);
    if (good)
        return g_strdup("");
    assert_true(strlen(error->message) < 100000);
    return g_strdup(error->message);
}

static char *repeated(const char *head, const char *part, gsize bytes, const char *tail)
{
    GString *text = g_string_new(head);
    while (text->len + strlen(part) + strlen(tail) <= bytes)
        g_string_append(text, part);
    g_string_append(text, tail);
    return g_string_free(text, FALSE);
}

struct flood {
    const char *head, *part, *tail, *says;
};

static void floods(void **state)
{
    (void)state;
    static const struct flood cases[] = {
        {"", "[", "", "nested deeper than 16 levels"},
        {"", "{a: ", "", "nested deeper than 16 levels"},
        {"", "- ", "", "nested deeper than 16 levels"},
        {"", "? ", "", "nested deeper than 16 levels"},
        {"packages:\n", "- a\n", "", "at most 20000 keys and values"},
        {"", "x: y\n", "", "at most 20000 keys and values"},
        {"[", "a,", "]", "at most 20000 keys and values"},
        {"a: &x [", "*x,", "]", "aliases (*name)"},
        {"", "&a ", "b: c", "x.yaml:1:"},
        {"", "!t ", "b: c", "x.yaml:1:"},
        {"", "---\n", "", "a second document"},
        {"a: \"", "\\", "\"", "x.yaml:1:"},
        {"a: ", "password: ", "", "x.yaml:1:"},
        {"a: ", "http://a:b", "", "x.yaml:1:"},
        {"a: ", "p", "", "unknown key \"a\""},
        {"a: |\n", " x\n", "", "unknown key \"a\""},
        {"a: >\n", " \n", "", "unknown key \"a\""},
        {"", "\n", "", "the recipe is empty"},
        {"", "# x\n", "", "the recipe is empty"},
        {"", "%A b\n", "", "x.yaml:"},
        {"hostname: ", "x", "", "hostname: found a text of"},
        {"extra: ", "${env:A}", "", "extra: found a text of"},
        {"", "k", ": v", "x.yaml:1:"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const struct flood *f = &cases[i];
        g_autofree char *text = repeated(f->head, f->part, RECIPE_MAX_BYTES, f->tail);
        g_autofree char *said = answer(text, strlen(text));
        if (!strstr(said, f->says))
            fail_msg("case %zu says '%.200s', not '%s'", i, said, f->says);
    }
}

/* Every beginning of a good recipe, and the recipe with any one byte changed, gets an answer. */
static void cut_and_bent(void **state)
{
    (void)state;
    static const char good[] = "name: web\nfamily: debian\nrelease: trixie\n"
                               "media: {url: 'https://a.example.org/x', sha256: \"00\"}\n"
                               "users:\n  - name: alice\n    groups: [sudo]\nextra: |\n  x\n";
    for (gsize n = 0; n < sizeof good; n++) {
        g_autofree char *said = answer(good, n);
        assert_true(!*said || strstr(said, "x.yaml:"));
    }
    for (gsize n = 0; n < sizeof good - 1; n++)
        for (int byte = 1; byte < 256; byte += 7) {
            char bent[sizeof good];
            memcpy(bent, good, sizeof good);
            bent[n] = (char)byte;
            g_autofree char *said = answer(bent, sizeof good - 1);
            assert_true(!*said || strstr(said, "x.yaml:"));
        }
}

static void lines(void **state)
{
    (void)state;
    static const char text[] = "\xef\xbb\xbf"
                               "a: b\r\n\nc\xff: d";
    g_auto(GStrv) got = document_lines(text, sizeof text - 1);
    assert_int_equal(g_strv_length(got), 3);
    assert_string_equal(got[0], "a: b");
    assert_string_equal(got[1], "");
    assert_string_equal(got[2], "c\xef\xbf\xbd: d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floods),
        cmocka_unit_test(cut_and_bent),
        cmocka_unit_test(lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
