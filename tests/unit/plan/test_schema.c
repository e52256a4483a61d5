/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "plan/plan.h"

#include <string.h>

/* recipes/recipe.schema.json is what the program says.  To write it anew:
 * INGOT_TEST_UPDATE=1 meson test plan/schema */
static void committed(void **state)
{
    (void)state;
    g_autofree char *path =
        g_build_filename(g_getenv("INGOT_TEST_SOURCE"), "recipes", "recipe.schema.json", NULL);
    g_autofree char *schema = plan_recipe_schema(), *file = NULL;
    if (g_getenv("INGOT_TEST_UPDATE"))
        assert_true(g_file_set_contents(path, schema, -1, NULL));
    assert_true(g_file_get_contents(path, &file, NULL, NULL));
    assert_string_equal(schema, file);
}

static gboolean is_named(const json_t *names, const char *name)
{
    size_t i;
    json_t *one;
    json_array_foreach(names, i, one)
    {
        if (strcmp(json_string_value(one), name) == 0)
            return TRUE;
    }
    return FALSE;
}

/* An editor offers every format, installer and family that there is a record of, and no other. */
static void records(void **state)
{
    (void)state;
    g_autofree char *text = plan_recipe_schema();
    json_t *schema = json_loads(text, 0, NULL), *outputs, *installers, *families;
    size_t n = 0, m = 0;
    assert_int_equal(json_unpack(schema, "{s:{s:{s:{s:o}}, s:{s:o}, s:{s:o}}}", "properties",
                                 "outputs", "items", "enum", &outputs, "installer", "enum",
                                 &installers, "family", "enum", &families),
                     0);
    for (const output_format *const *f = output_formats(); *f; f++, n++)
        assert_true(is_named(outputs, (*f)->name));
    for (const os_installer *const *i = os_installers(); *i; i++, m++)
        assert_true(is_named(installers, (*i)->name) && is_named(families, *(*i)->families));
    assert_int_equal(json_array_size(outputs), n);
    assert_int_equal(json_array_size(installers), m);
    json_decref(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(committed), cmocka_unit_test(records)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
