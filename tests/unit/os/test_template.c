/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "os/template.h"

#include <string.h>

static GHashTable *values(void)
{
    GHashTable *v = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_insert(v, (gpointer) "name", (gpointer) "it's $(a) \"test\" 100%");
    g_hash_table_insert(v, (gpointer) "raw", (gpointer) "one\ntwo");
    g_hash_table_insert(v, (gpointer) "empty", (gpointer) "");
    g_hash_table_insert(v, (gpointer) "slash", (gpointer) "a\\");
    return v;
}

static char *render(const char *text, template_escape_fn escape, GError **error)
{
    g_autoptr(GHashTable) v = values();
    return template_render("t.sh", text, v, escape, error);
}

static void good(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"plain {x} }}", "plain {x} }}"},
        {"a='{{name}}'", "a='it'\\''s $(a) \"test\" 100%'"},
        {"a='{{ name }}'", "a='it'\\''s $(a) \"test\" 100%'"},
        {"{{&raw}}\n", "one\ntwo\n"},
        {"{{#name}}yes{{/name}}{{^name}}no{{/name}}", "yes"},
        {"{{#empty}}yes{{/empty}}{{^empty}}no{{/empty}}", "no"},
        {"a\n{{#name}}\nb\n{{/name}}\nc\n", "a\nb\nc\n"},
        {"a\n  {{#empty}}\nb\n  {{/empty}}\nc\n", "a\nc\n"},
        {"a\n  {{#name}}  \n  b\n\t{{/name}}", "a\n  b\n"},
        {"x {{#name}}\ny{{/name}}\n", "x \ny\n"},
        {"{{#name}}{{#empty}}a{{/empty}}{{^empty}}b{{/empty}}{{/name}}", "b"},
        {"{{#empty}}{{name}}{{#name}}a{{/name}}{{/empty}}.", "."},
        {"{{empty}}|", "|"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = render(cases[i][0], template_escape_shell, &error);
        assert_no_error(error);
        assert_string_equal(text, cases[i][1]);
    }
}

static void bad(void **state)
{
    static const struct {
        const char *text, *says;
        template_escape_fn escape;
    } cases[] = {
        {"a\n{{nmae}}", "t.sh:2: the template uses the unknown key 'nmae'", template_escape_shell},
        {"{{nmae}}", "did you mean 'name'?", template_escape_shell},
        {"{{#empty}}{{zzz}}{{/empty}}", "unknown key 'zzz'", template_escape_shell},
        {"\n{{#name}}\n", "t.sh:2: the section {{#name}} is not closed", template_escape_shell},
        {"{{#name}}{{/empty}}", "found {{/empty}}, expected {{/name}} for line 1",
         template_escape_shell},
        {"{{/name}}", "closes a section that is not open", template_escape_shell},
        {"{{name", "{{ without }}", template_escape_shell},
        {"{{na\nme}}", "{{ without }}", template_escape_shell},
        {"{{}}", "unknown key ''", template_escape_shell},
        {"{{raw}}", "the value of 'raw' cannot be written here: it has a line break",
         template_escape_preseed},
        {"{{slash}}", "ends with a backslash", template_escape_preseed},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(render(cases[i].text, cases[i].escape, &error));
        assert_error_says(error, INGOT_EXIT_RECIPE, cases[i].says);
    }
}

static void nesting_has_a_limit(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    GString *deep = g_string_new(NULL);
    for (int i = 0; i < 100; i++)
        g_string_append(deep, "{{#name}}");
    assert_null(render(deep->str, template_escape_shell, &error));
    assert_error_says(error, INGOT_EXIT_RECIPE, "nested too deeply");
    g_string_free(deep, TRUE);
}

static void controls_are_refused(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    assert_null(template_escape_shell("a\033b", &error));
    assert_error_says(error, INGOT_EXIT_RECIPE, "control character");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(good), cmocka_unit_test(bad),
                                       cmocka_unit_test(nesting_has_a_limit),
                                       cmocka_unit_test(controls_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
