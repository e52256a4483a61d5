/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "recipe/internal.h"

#include <jansson.h>
#include <string.h>

/* JSON Schema, draft 2020-12, of the table. */

#define DIALECT "https://json-schema.org/draft/2020-12/schema"

static json_t *strings(const char *const *texts)
{
    json_t *array = json_array();
    for (; *texts; texts++)
        json_array_append_new(array, json_string(*texts));
    return array;
}

static void add_text(json_t *to, const char *key, const char *text)
{
    if (text)
        json_object_set_new(to, key, json_string(text));
}

static const char *const *schema_names(const struct recipe_names *known, const struct field *field)
{
    for (; known->key; known++)
        if (strcmp(known->key, field->key) == 0)
            return known->names;
    return field->form == &form_choice ? field->choices : NULL;
}

/* One text: of the field, or of the items of its list. */
static json_t *text_schema(const struct field *field, const struct recipe_names *known)
{
    const char *const *names = schema_names(known, field);
    json_t *schema = json_object();
    /* "release: 13" is a number to YAML, and a text to ingot. */
    json_object_set_new(schema, "type",
                        field->form == &form_release ? json_pack("[ss]", "string", "number")
                                                     : json_string("string"));
    if (names)
        json_object_set_new(schema, "enum", strings(names));
    else
        json_object_set_new(schema, "maxLength", json_integer((json_int_t)field->form->longest));
    /* A reference to a secret may occur where the pattern would refuse it. */
    if (!names && field->secrecy == SECRET_NOT)
        add_text(schema, "pattern", types_pattern(field));
    return schema;
}

/* One text, or a list of its parts. */
static json_t *joined_schema(const struct field *field, const struct recipe_names *known)
{
    return json_pack("{s:[o, {s:s, s:{s:s}}]}", "anyOf", text_schema(field, known), "type", "array",
                     "items", "type", "string");
}

static json_t *list_schema(const struct field *field, const struct recipe_names *known)
{
    json_t *schema = json_object();
    json_object_set_new(schema, "type", json_pack("[ss]", "array", "null"));
    json_object_set_new(schema, "items", text_schema(field, known));
    if (!field->form->repeats)
        json_object_set_new(schema, "uniqueItems", json_true());
    return schema;
}

static json_t *number_schema(const struct field *field)
{
    json_t *schema = json_object();
    if (field->kind == KIND_BOOL) {
        add_text(schema, "type", "boolean");
    } else if (field->kind == KIND_COUNT) {
        add_text(schema, "type", "integer");
        json_object_set_new(schema, "minimum", json_integer((json_int_t)field->least));
        json_object_set_new(schema, "maximum", json_integer((json_int_t)field->most));
    } else {
        json_object_set_new(schema, "type",
                            field->kind == KIND_SIZE ? json_pack("[ss]", "string", "integer")
                                                     : json_string("string"));
        add_text(schema, "pattern", types_pattern(field));
    }
    return schema;
}

static json_t *map_schema(const char *parent, const struct recipe_names *known);

static json_t *maps_schema(const struct field *field, const struct recipe_names *known)
{
    g_autofree char *parent = g_strconcat(field->key, "[]", NULL);
    json_t *schema = json_object();
    json_object_set_new(schema, "type", json_pack("[ss]", "array", "null"));
    json_object_set_new(schema, "items", map_schema(parent, known));
    return schema;
}

static json_t *nullable_map_schema(const struct field *field, const struct recipe_names *known)
{
    json_t *schema = map_schema(field->key, known);
    json_object_set_new(schema, "type", json_pack("[ss]", "object", "null"));
    return schema;
}

static json_t *default_value(const struct field *field)
{
    if (field->kind == KIND_LIST)
        return json_pack("[s]", field->fallback);
    if (field->kind == KIND_BOOL)
        return json_boolean(strcmp(field->fallback, "true") == 0);
    return json_string(field->fallback);
}

static json_t *field_schema(const struct field *field, const struct recipe_names *known)
{
    json_t *schema = field->kind == KIND_MAP    ? nullable_map_schema(field, known)
                     : field->kind == KIND_MAPS ? maps_schema(field, known)
                     : field->kind == KIND_LIST ? list_schema(field, known)
                     : field->kind == KIND_TEXT ? (field->form->joins ? joined_schema(field, known)
                                                                      : text_schema(field, known))
                                                : number_schema(field);
    add_text(schema, "description", field->doc);
    if (field->fallback)
        json_object_set_new(schema, "default", default_value(field));
    if (field->kind >= KIND_TEXT && types_example(field))
        json_object_set_new(schema, "examples", json_pack("[s]", types_example(field)));
    return schema;
}

static json_t *map_schema(const char *parent, const struct recipe_names *known)
{
    json_t *schema = json_object(), *properties = json_object(), *required = json_array();
    add_text(schema, "type", "object");
    for (const struct field *f = recipe_fields; f->key; f++) {
        if (!table_is_below(f, parent))
            continue;
        json_object_set_new(properties, table_word(f), field_schema(f, known));
        if (f->required)
            json_array_append_new(required, json_string(table_word(f)));
    }
    if (json_array_size(required) > 0)
        json_object_set(schema, "required", required);
    json_decref(required);
    json_object_set_new(schema, "properties", properties);
    json_object_set_new(schema, "additionalProperties", json_false());
    return schema;
}

char *recipe_schema(const struct recipe_names *known)
{
    json_t *schema = json_object(), *body = map_schema("", known);
    add_text(schema, "$schema", DIALECT);
    add_text(schema, "title", "ingot recipe");
    json_object_update(schema, body);
    json_decref(body);
    char *dump = json_dumps(schema, JSON_INDENT(2));
    json_decref(schema);
    char *text = g_strconcat(dump, "\n", NULL);
    free(dump);
    return text;
}
