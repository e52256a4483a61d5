/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "recipe/internal.h"

#include <string.h>

/* A walk through the document along the table. */

/* One mapping of the file. */
struct level {
    const struct reading *reading;
    const char *prefix; /* of its keys, with the dot: "users[0]." */
    const char *parent; /* in the table: "users[]" */
    void *owner;        /* struct recipe or struct recipe_user */
    GHashTable *seen;   /* key -> its line */
};

static const char *fill_text_of(const yaml_node_t *node)
{
    return (const char *)node->data.scalar.value;
}

static gboolean is_quoted(const yaml_node_t *node)
{
    return node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
}

/* YAML 1.2, 10.3.2: the plain scalars that mean nothing. */
static gboolean is_null(const yaml_node_t *node)
{
    static const char *const names[] = {"", "~", "null", "Null", "NULL", NULL};
    return node->type == YAML_SCALAR_NODE && !is_quoted(node) &&
           g_strv_contains(names, fill_text_of(node));
}

static gboolean has_nul(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE && strlen(fill_text_of(node)) != node->data.scalar.length;
}

static void fill_remember(const struct reading *r, const char *key, struct place at)
{
    struct place *copy = g_new(struct place, 1);
    *copy = at;
    g_hash_table_replace(r->recipe->places, g_strdup(key), copy);
}

/* ---- what was found ---- */

static char *fill_found(const struct field *field, const yaml_node_t *node)
{
    if (node->type == YAML_MAPPING_NODE)
        return g_strdup("a mapping");
    if (node->type == YAML_SEQUENCE_NODE)
        return g_strdup("a list");
    if (has_nul(node))
        return g_strdup("a text with a NUL character");
    if (is_null(node))
        return g_strdup("no value");
    if (field->form && node->data.scalar.length > field->form->longest)
        return g_strdup_printf("a text of %zu bytes", node->data.scalar.length);
    if (field->secrecy != SECRET_NOT)
        return g_strdup("a text that is not shown here");
    if (field->form == &form_url && strchr(fill_text_of(node), '@'))
        return g_strdup("a URL with a user name");
    return problems_quote(fill_text_of(node));
}

static void report_found(recipe_problems *problems, const struct recipe *of,
                         const struct field *field, const char *key, const char *what,
                         const char *expected, const char *hint)
{
    const char *example = types_example(field);
    recipe_problem(problems, of, key, hint, "%s: found %s, expected %s%s%s", key, what, expected,
                   example ? ", for example " : "", example ? example : "");
}

void recipe_problem_value(recipe_problems *problems, const struct recipe *of, const char *key,
                          const char *value, const char *expected, const char *hint)
{
    g_autofree char *name = g_strndup(key, strcspn(key, "["));
    g_autofree char *what = problems_quote(value);
    for (const struct field *f = recipe_fields; f->key; f++)
        if (strcmp(f->key, name) == 0)
            report_found(problems, of, f, key, what, expected, hint);
}

static void report_value(const struct reading *r, const struct field *field, const char *key,
                         const yaml_node_t *node, const char *hint)
{
    g_autofree char *what = fill_found(field, node);
    g_autofree char *expected = types_expected(field);
    report_found(r->problems, r->recipe, field, key, what, expected, hint);
}

static void report_shape(const struct reading *r, const struct field *field, const char *key,
                         const yaml_node_t *node)
{
    g_autofree char *what = fill_found(field, node);
    const char *word = table_word(field);
    g_autofree char *expected =
        field->kind == KIND_MAP ? g_strdup("a mapping (lines of 'key: value' below it)")
        : field->kind == KIND_MAPS
            ? g_strdup_printf("a list, for example %s: [{name: alice}]", word)
            : g_strdup_printf("a list, for example %s: [%s]", word, types_example(field));
    recipe_problem(r->problems, r->recipe, key, NULL, "%s: found %s, expected %s", key, what,
                   expected);
}

/* ---- scalars and lists ---- */

static gboolean is_scalar(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE && !is_null(node) && !has_nul(node);
}

static void fill_scalar(const struct level *level, const struct field *field, const char *key,
                        const yaml_node_t *node)
{
    const struct reading *r = level->reading;
    g_autofree char *hint = NULL, *value = NULL;
    gboolean unread = FALSE;
    if (!is_scalar(node) || node->data.scalar.length > RECIPE_MAX_TEXT) {
        report_value(r, field, key, node, NULL);
        return;
    }
    if (field->secrecy == SECRET_NOT)
        value = g_strdup(fill_text_of(node));
    else if (!(value = secret_value(r, field, key, fill_text_of(node), &unread)))
        return;
    void *target = (char *)level->owner + field->offset;
    if (unread) {
        *(char **)target = g_steal_pointer(&value);
        return;
    }
    const struct written written = {value, is_quoted(node)};
    if (!types_store(field, written, target, &hint))
        report_value(r, field, key, node, hint);
    if (field->secrecy != SECRET_NOT)
        explicit_bzero(value, strlen(value));
}

/* A long text may be written as a list of its parts. */
static void fill_joined(const struct level *level, const struct field *field, const char *key,
                        const yaml_node_t *node)
{
    const struct reading *r = level->reading;
    g_autoptr(GString) whole = g_string_new(NULL);
    g_autofree char *hint = NULL;
    const yaml_node_item_t *first = node->data.sequence.items.start;
    for (const yaml_node_item_t *i = first; i < node->data.sequence.items.top; i++) {
        const yaml_node_t *item = yaml_document_get_node(r->document, *i);
        g_autofree char *item_key = g_strdup_printf("%s[%td]", key, i - first);
        fill_remember(r, item_key, document_place(item->start_mark));
        if (!is_scalar(item)) {
            report_value(r, field, item_key, item, NULL);
            return;
        }
        g_string_append(whole, fill_text_of(item));
    }
    const struct written written = {whole->str, TRUE};
    if (!types_store(field, written, (char *)level->owner + field->offset, &hint))
        report_value(r, field, key, node, hint);
}

static gboolean item_fits(const struct reading *r, const struct field *field, const char *key,
                          const yaml_node_t *node)
{
    g_autofree char *hint = NULL;
    if (is_scalar(node) && types_text_fits(field, fill_text_of(node), &hint))
        return TRUE;
    report_value(r, field, key, node, hint);
    return FALSE;
}

static gboolean is_repeated(const struct reading *r, const struct field *field, const char *key,
                            const yaml_node_t *node, GHashTable *seen)
{
    guint before = GPOINTER_TO_UINT(g_hash_table_lookup(seen, fill_text_of(node)));
    guint line = document_place(node->start_mark).line;
    g_assert(field->form); /* every list has one (internal.h) */
    if (field->form->repeats || !before) {
        g_hash_table_insert(seen, (gpointer)fill_text_of(node), GUINT_TO_POINTER(line));
        return FALSE;
    }
    g_autofree char *quoted = problems_quote(fill_text_of(node));
    recipe_problem(r->problems, r->recipe, key, NULL, "%s: %s is already in the list, on line %u",
                   key, quoted, before);
    return TRUE;
}

static void fill_list(const struct level *level, const struct field *field, const char *key,
                      const yaml_node_t *node)
{
    const struct reading *r = level->reading;
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(g_free);
    GPtrArray *keys = g_ptr_array_new_with_free_func(g_free);
    const yaml_node_item_t *first = node->data.sequence.items.start;
    for (const yaml_node_item_t *i = first; i < node->data.sequence.items.top; i++) {
        const yaml_node_t *item = yaml_document_get_node(r->document, *i);
        g_autofree char *item_key = g_strdup_printf("%s[%td]", key, i - first);
        fill_remember(r, item_key, document_place(item->start_mark));
        if (item_fits(r, field, item_key, item) && !is_repeated(r, field, item_key, item, seen)) {
            g_ptr_array_add(items, g_strdup(fill_text_of(item)));
            g_ptr_array_add(keys, g_steal_pointer(&item_key));
        }
    }
    g_ptr_array_add(items, NULL);
    g_hash_table_replace(r->recipe->item_keys, g_strdup(key), keys);
    char ***target = (char ***)(void *)((char *)level->owner + field->offset);
    g_strfreev(*target);
    *target = (char **)g_ptr_array_steal(items, NULL);
}

const char *recipe_item_key(const struct recipe *of, const char *key, guint item)
{
    const GPtrArray *keys = g_hash_table_lookup(of->item_keys, key);
    return keys && item < keys->len ? g_ptr_array_index(keys, item) : key;
}

/* ---- mappings ---- */

static void fill_map(const struct reading *r, const yaml_node_t *node, const char *prefix,
                     const char *parent, void *owner);

static void free_user(gpointer data)
{
    fill_clear("users[]", data);
    g_free(data);
}

static void fill_user(const struct reading *r, const char *key, const yaml_node_t *node)
{
    struct recipe_user *user = g_new0(struct recipe_user, 1);
    g_ptr_array_add(r->recipe->users, user);
    fill_remember(r, key, document_place(node->start_mark));
    fill_defaults("users[]", user);
    if (node->type == YAML_MAPPING_NODE) {
        g_autofree char *prefix = g_strconcat(key, ".", NULL);
        fill_map(r, node, prefix, "users[]", user);
        return;
    }
    recipe_problem(r->problems, r->recipe, key, "write it as '- name: alice'",
                   "%s: each user is a mapping with at least a name", key);
}

static void fill_users(const struct level *level, const char *key, const yaml_node_t *node)
{
    const yaml_node_item_t *first = node->data.sequence.items.start;
    for (const yaml_node_item_t *i = first; i < node->data.sequence.items.top; i++) {
        g_autofree char *item_key = g_strdup_printf("%s[%td]", key, i - first);
        fill_user(level->reading, item_key, yaml_document_get_node(level->reading->document, *i));
    }
}

/* A mapping or a list may be left empty: all its lines may be comments. */
static void fill_container(const struct level *level, const struct field *field, const char *key,
                           const yaml_node_t *node)
{
    yaml_node_type_t wanted = field->kind == KIND_MAP ? YAML_MAPPING_NODE : YAML_SEQUENCE_NODE;
    if (is_null(node))
        return;
    if (node->type != wanted) {
        report_shape(level->reading, field, key, node);
        return;
    }
    if (field->kind == KIND_LIST) {
        fill_list(level, field, key, node);
    } else if (field->kind == KIND_MAPS) {
        fill_users(level, key, node);
    } else {
        g_autofree char *prefix = g_strconcat(key, ".", NULL);
        fill_map(level->reading, node, prefix, field->key, level->owner);
    }
}

/* Errors about a value point at the value; about a secret, or a value with others below it, at
 * the key. */
static struct place place_of_pair(const struct field *field, const yaml_node_t *key,
                                  const yaml_node_t *value)
{
    gboolean at_value = field->kind >= KIND_TEXT && field->secrecy == SECRET_NOT && !is_null(value);
    return document_place((at_value ? value : key)->start_mark);
}

static gboolean fill_is_new(const struct level *level, const yaml_node_t *key, struct place at)
{
    guint before = GPOINTER_TO_UINT(g_hash_table_lookup(level->seen, fill_text_of(key)));
    if (!before) {
        g_hash_table_insert(level->seen, (gpointer)fill_text_of(key), GUINT_TO_POINTER(at.line));
        return TRUE;
    }
    g_autofree char *quoted = problems_quote(fill_text_of(key));
    problems_at(level->reading->problems, level->reading->recipe, at, "remove one of them",
                "duplicate key %s, first on line %u", quoted, before);
    return FALSE;
}

static void report_unknown(const struct level *level, const yaml_node_t *key, struct place at)
{
    g_autofree char *quoted = problems_quote(fill_text_of(key));
    g_autofree char *hint = table_suggest(level->parent, fill_text_of(key));
    gsize length = strlen(level->prefix);
    problems_at(level->reading->problems, level->reading->recipe, at, hint,
                "unknown key %s%s%.*s%s", quoted, length ? " in \"" : "",
                length ? (int)length - 1 : 0, level->prefix, length ? "\"" : "");
}

static gboolean report_renamed(const struct level *level, const yaml_node_t *key, struct place at)
{
    const char *now = table_renamed(level->parent, fill_text_of(key));
    if (now)
        problems_at(level->reading->problems, level->reading->recipe, at, NULL,
                    "%s%s is now called %s", level->prefix, fill_text_of(key), now);
    return now != NULL;
}

static void fill_pair(const struct level *level, const yaml_node_t *key, const yaml_node_t *value)
{
    const struct reading *r = level->reading;
    struct place at = document_place(key->start_mark);
    if (key->type != YAML_SCALAR_NODE || has_nul(key)) {
        problems_at(r->problems, r->recipe, at, NULL, "a key must be a plain word");
        return;
    }
    if (!fill_is_new(level, key, at))
        return;
    const struct field *field = table_find(level->parent, fill_text_of(key));
    if (!field) {
        if (!report_renamed(level, key, at))
            report_unknown(level, key, at);
        return;
    }
    g_autofree char *dotted = g_strconcat(level->prefix, fill_text_of(key), NULL);
    fill_remember(r, dotted, place_of_pair(field, key, value));
    if (value->type == YAML_SEQUENCE_NODE && field->form && field->form->joins)
        fill_joined(level, field, dotted, value);
    else if (field->kind >= KIND_TEXT)
        fill_scalar(level, field, dotted, value);
    else
        fill_container(level, field, dotted, value);
}

static void report_missing(const struct level *level)
{
    const struct reading *r = level->reading;
    for (const struct field *f = recipe_fields; f->key; f++) {
        if (!f->required || !table_is_below(f, level->parent) ||
            g_hash_table_contains(level->seen, table_word(f)))
            continue;
        g_autofree char *key = g_strconcat(level->prefix, table_word(f), NULL);
        g_autofree char *hint =
            g_strdup_printf("add a line such as '%s: %s'", table_word(f), types_example(f));
        recipe_problem(r->problems, r->recipe, key, hint, "%s is missing", key);
    }
}

static void fill_map(const struct reading *r, const yaml_node_t *node, const char *prefix,
                     const char *parent, void *owner)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    const struct level level = {r, prefix, parent, owner, seen};
    for (const yaml_node_pair_t *p = node->data.mapping.pairs.start;
         p < node->data.mapping.pairs.top; p++)
        fill_pair(&level, yaml_document_get_node(r->document, p->key),
                  yaml_document_get_node(r->document, p->value));
    report_missing(&level);
}

/* ---- the whole ---- */

static gboolean fill_is_in(const struct field *field, const char *parent)
{
    gboolean of_user = strstr(field->key, "[].") != NULL;
    return of_user == (strcmp(parent, "users[]") == 0);
}

void fill_defaults(const char *parent, void *owner)
{
    for (const struct field *f = recipe_fields; f->key; f++) {
        void *target = (char *)owner + f->offset;
        g_autofree char *hint = NULL;
        if (!fill_is_in(f, parent))
            continue;
        if (f->fallback && !types_store(f, (struct written){f->fallback, FALSE}, target, &hint))
            g_error("the default of %s is invalid", f->key);
        if (f->kind == KIND_LIST && !f->fallback)
            *(char ***)target = g_new0(char *, 1);
        if (f->kind == KIND_MAPS)
            *(GPtrArray **)target = g_ptr_array_new_with_free_func(free_user);
    }
}

void fill_recipe(const struct reading *reading)
{
    const yaml_node_t *root = yaml_document_get_root_node(reading->document);
    fill_remember(reading, "", document_place(root->start_mark));
    fill_map(reading, root, "", "", reading->recipe);
}

static void clear_text(const struct field *field, char *text)
{
    if (field->secrecy != SECRET_NOT)
        secret_free(text);
    else
        g_free(text);
}

void fill_clear(const char *parent, void *owner)
{
    for (const struct field *f = recipe_fields; f->key; f++) {
        void *target = (char *)owner + f->offset;
        if (!fill_is_in(f, parent))
            continue;
        if (f->kind == KIND_TEXT)
            clear_text(f, *(char **)target);
        if (f->kind == KIND_LIST)
            g_strfreev(*(char ***)target);
        if (f->kind == KIND_MAPS)
            g_clear_pointer((GPtrArray **)target, g_ptr_array_unref);
    }
}
