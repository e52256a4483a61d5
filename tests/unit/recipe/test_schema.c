/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "recipe/internal.h"

#include <jansson.h>
#include <string.h>

/* What the rooms above would know. */
static const char *const formats[] = {"flat", "round", NULL};
static const struct recipe_names known[] = {{"outputs", formats}, {NULL, NULL}};

/* Borrowed: the schema of a dotted key. */
static json_t *at_key(json_t *schema, const char *key)
{
    g_auto(GStrv) words = g_strsplit(key, ".", -1);
    for (char **w = words; schema && *w; w++) {
        gboolean list = g_str_has_suffix(*w, "[]");
        if (list)
            (*w)[strlen(*w) - 2] = '\0';
        schema = json_object_get(json_object_get(schema, "properties"), *w);
        if (list)
            schema = json_object_get(schema, "items");
    }
    return schema;
}

/* Every key of the table is in it, with a description; nothing else is allowed. */
static void complete(void **state)
{
    (void)state;
    g_autofree char *text = recipe_schema(known);
    json_t *schema = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(schema);
    assert_true(json_is_false(json_object_get(schema, "additionalProperties")));
    assert_int_equal(json_array_size(json_object_get(schema, "required")), 3);
    guint keys = 0;
    for (const struct field *f = recipe_fields; f->key; f++, keys++) {
        json_t *found = at_key(schema, f->key);
        if (!json_is_string(json_object_get(found, "description")))
            fail_msg("%s has no description", f->key);
        if (f->kind == KIND_MAP)
            assert_true(json_is_false(json_object_get(found, "additionalProperties")));
    }
    assert_true(keys > 40);
    json_decref(schema);
}

static void details(void **state)
{
    (void)state;
    g_autofree char *text = recipe_schema(known);
    json_t *schema = json_loads(text, 0, NULL);
    json_t *cpus = at_key(schema, "vm.cpus"), *console = at_key(schema, "serial_console");
    assert_int_equal(json_integer_value(json_object_get(cpus, "maximum")), 256);
    assert_true(json_is_true(json_object_get(console, "default")));
    assert_int_equal(json_array_size(json_object_get(at_key(schema, "arch"), "enum")), 2);
    /* Names from above are those of the list's items. */
    json_t *names = json_object_get(json_object_get(at_key(schema, "outputs"), "items"), "enum");
    assert_int_equal(json_array_size(names), 2);
    assert_string_equal(json_string_value(json_array_get(names, 1)), "round");
    /* A password may be a reference, so its form is not in the schema. */
    assert_null(json_object_get(at_key(schema, "root.password"), "pattern"));
    assert_non_null(json_object_get(at_key(schema, "users[].name"), "pattern"));
    json_decref(schema);
}

/* Each leads from a key that is none to one that is. */
static void renamed_keys(void **state)
{
    (void)state;
    assert_non_null(recipe_renamed[0].old);
    for (const struct renamed *r = recipe_renamed; r->old; r++) {
        gboolean there = FALSE;
        for (const struct field *f = recipe_fields; f->key; f++) {
            assert_string_not_equal(f->key, r->old);
            there |= strcmp(f->key, r->now) == 0;
        }
        assert_true(there);
    }
    assert_string_equal(table_renamed("boot", "firmware"), "machine.firmware");
    assert_null(table_renamed("", "firmware"));
    assert_null(table_renamed("boot", "firm"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renamed_keys),
        cmocka_unit_test(complete),
        cmocka_unit_test(details),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
