/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/secret.h"

#include <string.h>

#define SHORTEST 4

struct secrets {
    GPtrArray *values; /* longest first, so that one inside another cannot leave a rest */
};

static void wipe(gpointer value)
{
    explicit_bzero(value, strlen(value));
    g_free(value);
}

secrets *secrets_new(void)
{
    secrets *s = g_new0(secrets, 1);
    s->values = g_ptr_array_new_with_free_func(wipe);
    return s;
}

void secrets_free(secrets *s)
{
    if (!s)
        return;
    g_ptr_array_unref(s->values);
    g_free(s);
}

static gint longest_first(gconstpointer a, gconstpointer b)
{
    gsize la = strlen(*(const char *const *)a), lb = strlen(*(const char *const *)b);
    return la < lb ? 1 : la > lb ? -1 : 0;
}

void secrets_add(secrets *s, const char *value)
{
    if (!s || !value || strlen(value) < SHORTEST ||
        g_ptr_array_find_with_equal_func(s->values, value, g_str_equal, NULL))
        return;
    g_ptr_array_add(s->values, g_strdup(value));
    g_ptr_array_sort(s->values, longest_first);
}

char *secrets_redact(const secrets *s, const char *text)
{
    GString *out = g_string_new(text);
    for (guint i = 0; s && i < s->values->len; i++)
        g_string_replace(out, g_ptr_array_index(s->values, i), "<secret>", 0);
    return g_string_free(out, FALSE);
}

char **secrets_list(const secrets *s)
{
    guint n = s ? s->values->len : 0;
    char **values = g_new0(char *, n + 1);
    for (guint i = 0; i < n; i++)
        values[i] = g_strdup(g_ptr_array_index(s->values, i));
    return values;
}

void secrets_list_free(char **values)
{
    for (char **v = values; v && *v; v++)
        wipe(*v);
    g_free(values);
}
