/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "seed/names.h"

#include "base/error.h"

#include <string.h>

#define PATH_BYTES 255u
#define LETTERS    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/"

static const char *what_is_wrong(const char *path)
{
    if (!*path || strlen(path) > PATH_BYTES)
        return "it is empty or too long";
    if (path[strspn(path, LETTERS)])
        return "it has characters other than letters, digits, '.', '_', '-' and '/'";
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    for (char **p = parts; *p; p++)
        if (!**p || g_str_equal(*p, ".") || g_str_equal(*p, ".."))
            return "it has an empty, “.” or “..” part";
    return NULL;
}

/* Whether b is a, or would be in a directory a. */
static gboolean names_is_below(const char *a, const char *b)
{
    gsize length = strlen(a);
    return strncmp(a, b, length) == 0 && (b[length] == '\0' || b[length] == '/');
}

static gboolean names_fail(const char *path, const char *why, GError **error)
{
    ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot put “%s” on the seed: %s", path, why);
    return FALSE;
}

gboolean seed_check_names(const struct media_file *files, gsize n, GError **error)
{
    for (gsize i = 0; i < n; i++) {
        const char *wrong = what_is_wrong(files[i].path);
        if (wrong)
            return names_fail(files[i].path, wrong, error);
        for (gsize j = 0; j < n; j++)
            if (i != j && names_is_below(files[i].path, files[j].path))
                return names_fail(files[j].path, "the path is already in use", error);
    }
    return TRUE;
}
