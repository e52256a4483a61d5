/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "recipe/internal.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/files.h"

#include <string.h>

void recipe_free(struct recipe *r)
{
    if (!r)
        return;
    fill_clear("", r);
    g_free(r->root.name);
    g_strfreev(r->root.groups);
    g_free(r->path);
    g_free(r->digest);
    g_free(r->text);
    g_clear_pointer(&r->item_keys, g_hash_table_unref); /* not of a recipe that a test has made */
    g_hash_table_unref(r->places);
    g_strfreev(r->lines);
    g_free(r);
}

static struct recipe *new_recipe(const char *path, const char *text, gsize length)
{
    char hex[DIGEST_HEX_LEN + 1];
    struct recipe *r = g_new0(struct recipe, 1);
    digest_bytes(text, length, hex);
    r->path = g_strdup(path);
    r->digest = g_strdup(hex);
    r->item_keys =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    r->places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    r->lines = document_lines(text, length);
    r->root.name = g_strdup("root");
    r->root.groups = g_new0(char *, 1);
    fill_defaults("", r);
    return r;
}

struct recipe *recipe_parse(const char *path, const char *text, gsize length,
                            gboolean resolve_secrets, secrets *hidden, recipe_problems *problems,
                            GError **error)
{
    g_autoptr(recipe) parsed = new_recipe(path, text, length);
    yaml_document_t document;
    const struct reading reading = {parsed, problems, &document, hidden, resolve_secrets};
    if (!document_load(&reading, text, length)) {
        if (recipe_problems_report(problems, error))
            g_error("a recipe was refused without a reason");
        return NULL;
    }
    fill_recipe(&reading);
    check_recipe(&reading);
    yaml_document_delete(&document);
    return g_steal_pointer(&parsed);
}

struct recipe *recipe_load_as(const char *path, const char *as, gboolean resolve_secrets,
                              secrets *hidden, recipe_problems *problems, GError **error)
{
    g_autoptr(GError) inner = NULL;
    gsize length = 0;
    char *text = files_read(path, RECIPE_MAX_BYTES, &length, &inner);
    if (!text && g_error_matches(inner, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        g_propagate_error(error, g_steal_pointer(&inner));
        return NULL;
    }
    if (!text) {
        ingot_set_error(error, INGOT_EXIT_RECIPE, "recipes/ has recipes to start from", "%s",
                        inner->message);
        return NULL;
    }
    struct recipe *parsed =
        recipe_parse(as, text, length, resolve_secrets, hidden, problems, error);
    if (parsed)
        parsed->text = secrets_redact(hidden, text);
    explicit_bzero(text, length);
    g_free(text);
    return parsed;
}

struct recipe *recipe_load(const char *path, gboolean resolve_secrets, secrets *hidden,
                           recipe_problems *problems, GError **error)
{
    return recipe_load_as(path, path, resolve_secrets, hidden, problems, error);
}
