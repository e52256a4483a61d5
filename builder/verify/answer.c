/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/answer.h"

#include <string.h>

struct pair {
    char *key, *value;
};

struct answer {
    GPtrArray *pairs; /* of struct pair *, as they came */
};

static void pair_free(gpointer data)
{
    struct pair *p = data;
    g_free(p->key);
    g_free(p->value);
    g_free(p);
}

answer *answer_new(void)
{
    answer *a = g_new0(answer, 1);
    a->pairs = g_ptr_array_new_with_free_func(pair_free);
    return a;
}

void answer_free(answer *a)
{
    if (!a)
        return;
    g_ptr_array_unref(a->pairs);
    g_free(a);
}

gboolean answer_line(answer *a, const char *line)
{
    const char *equals = strchr(line, '=');
    if (strcmp(line, "end") == 0)
        return TRUE;
    if (!equals || equals == line || a->pairs->len >= ANSWER_LINES)
        return FALSE;
    struct pair *p = g_new0(struct pair, 1);
    p->key = g_strndup(line, (gsize)(equals - line));
    p->value = g_strstrip(g_strdup(equals + 1));
    g_ptr_array_add(a->pairs, p);
    return FALSE;
}

const char *answer_get(const answer *a, const char *key)
{
    for (guint i = 0; a && i < a->pairs->len; i++) {
        const struct pair *p = g_ptr_array_index(a->pairs, i);
        if (strcmp(p->key, key) == 0)
            return p->value;
    }
    return "";
}

GPtrArray *answer_all(const answer *a, const char *key)
{
    GPtrArray *values = g_ptr_array_new();
    for (guint i = 0; a && i < a->pairs->len; i++) {
        const struct pair *p = g_ptr_array_index(a->pairs, i);
        if (strcmp(p->key, key) == 0)
            g_ptr_array_add(values, p->value);
    }
    g_ptr_array_add(values, NULL);
    return values;
}

gboolean answer_has(const answer *a, const char *key, const char *word)
{
    g_autoptr(GPtrArray) values = answer_all(a, key);
    for (guint i = 0; i + 1 < values->len; i++) {
        const char *space = strrchr(g_ptr_array_index(values, i), ' ');
        if (space && g_ascii_strcasecmp(space + 1, word) == 0)
            return TRUE;
    }
    return FALSE;
}

guint64 answer_number(const answer *a, const char *key)
{
    return g_ascii_strtoull(answer_get(a, key), NULL, 10);
}

static void answer_add(json_t *all, const char *key, const char *value)
{
    json_t *there = json_object_get(all, key);
    if (!there) {
        json_object_set_new(all, key, json_string(value));
        return;
    }
    if (json_is_array(there)) {
        json_array_append_new(there, json_string(value));
        return;
    }
    json_t *list = json_pack("[O, s]", there, value);
    json_object_set_new(all, key, list);
}

json_t *answer_to_json(const answer *a)
{
    json_t *all = json_object();
    for (guint i = 0; a && i < a->pairs->len; i++) {
        const struct pair *p = g_ptr_array_index(a->pairs, i);
        answer_add(all, p->key, p->value);
    }
    return all;
}
