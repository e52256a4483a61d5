/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "recipe/internal.h"

#include <string.h>

#define UNREAD     "<secret>"
#define ENV_PREFIX "${env:"

/* ---- file:PATH ---- */

static char *secret_path_beside(const char *recipe_path, const char *path)
{
    if (g_path_is_absolute(path))
        return g_strdup(path);
    g_autofree char *directory = g_path_get_dirname(recipe_path);
    return g_build_filename(directory, path, NULL);
}

static gboolean is_secret_file(const struct reading *r, const char *key, const char *path)
{
    if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return TRUE;
    g_autofree char *quoted = problems_quote(path);
    recipe_problem(r->problems, r->recipe, key, "the path is relative to the recipe",
                   g_file_test(path, G_FILE_TEST_EXISTS) ? "%s: %s is not a regular file"
                                                         : "%s: there is no file %s",
                   key, quoted);
    return FALSE;
}

static char *secret_file_value(const struct reading *r, const char *key, const char *name)
{
    g_autofree char *path = secret_path_beside(r->recipe->path, name);
    g_autoptr(GError) error = NULL;
    if (!is_secret_file(r, key, path))
        return NULL;
    char *text = secret_from_file(path, &error);
    if (!text) {
        recipe_problem(r->problems, r->recipe, key, NULL, "%s: %s", key, error->message);
        return NULL;
    }
    secrets_add(r->hidden, text);
    return text;
}

/* ---- ${env:NAME} ---- */

/* The length of "NAME}" when text begins with it, else 0 (POSIX.1-2017, XBD 3.235). */
static gsize name_length(const char *text)
{
    gsize n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    return n > 0 && !g_ascii_isdigit(*text) && text[n] == '}' ? n + 1 : 0;
}

static gboolean append_env(const struct reading *r, const char *key, const char *name, GString *out)
{
    const char *value = secrets_variable(r->hidden, name);
    g_autofree char *hint = g_strdup_printf("export %s before starting ingot", name);
    if (!value || !*value)
        recipe_problem(r->problems, r->recipe, key, hint, "%s: the environment variable %s is %s",
                       key, name, value ? "empty" : "not set");
    else if (!g_utf8_validate(value, -1, NULL))
        recipe_problem(r->problems, r->recipe, key, NULL,
                       "%s: the environment variable %s is not UTF-8 text", key, name);
    else {
        secrets_add(r->hidden, value);
        g_string_append(out, value);
        return TRUE;
    }
    return FALSE;
}

static gboolean append_reference(const struct reading *r, const char *key, const char *text,
                                 gsize length, GString *out)
{
    if (!length) {
        g_autofree char *begin = g_strndup(text, strcspn(text, "} \n"));
        g_autofree char *quoted = problems_quote(begin);
        recipe_problem(r->problems, r->recipe, key, "write it as ${env:NAME}",
                       "%s: %s after '${env:' is not a variable name followed by '}'", key, quoted);
        return FALSE;
    }
    if (!r->resolve) {
        g_string_append(out, UNREAD);
        return TRUE;
    }
    g_autofree char *name = g_strndup(text, length - 1);
    return append_env(r, key, name, out);
}

static char *from_text(const struct reading *r, const char *key, const char *text)
{
    GString *out = g_string_new(NULL);
    gboolean good = TRUE;
    const char *begin;
    while ((begin = strstr(text, ENV_PREFIX))) {
        g_string_append_len(out, text, begin - text);
        text = begin + strlen(ENV_PREFIX);
        gsize length = name_length(text);
        good = append_reference(r, key, text, length, out) && good;
        text += length;
    }
    g_string_append(out, text);
    char *result = g_string_free(out, FALSE);
    if (good)
        return result;
    secret_free(result);
    return NULL;
}

char *secret_value(const struct reading *reading, const struct field *field, const char *key,
                   const char *text, gboolean *unread)
{
    gboolean whole = field->secrecy == SECRET_WHOLE;
    gboolean file = whole && g_str_has_prefix(text, SECRET_FILE);
    *unread = !reading->resolve && (file || strstr(text, ENV_PREFIX));
    if (file && !reading->resolve)
        return g_strdup(UNREAD);
    if (file)
        return secret_file_value(reading, key, text + strlen(SECRET_FILE));
    char *value = from_text(reading, key, text);
    if (!value || !whole)
        return value;
    if (*unread) {
        secret_free(value);
        return g_strdup(UNREAD);
    }
    secrets_add(reading->hidden, value);
    return value;
}
