/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/site.h"

#include "base/error.h"

#include <string.h>

#define GROUP     "ingot"
#define ISOLATION "isolation"
#define MACHINE   "machine"
#define AUTO      "auto"

void site_clear(struct site *site)
{
    g_clear_pointer(&site->isolation, g_free);
}

static gboolean site_refuse(const char *path, const char *what, GError **error)
{
    ingot_set_error(error, INGOT_EXIT_HOST,
                    "it has one group, [" GROUP "], with one key: " ISOLATION "=" MACHINE
                    " or " ISOLATION "=" AUTO,
                    "%s cannot be understood: %s", path, what);
    return FALSE;
}

static gboolean site_check_key(const char *path, const char *key, GError **error)
{
    g_autofree char *what = g_strdup_printf("unknown key '%s'", key);
    return strcmp(key, ISOLATION) == 0 || site_refuse(path, what, error);
}

static gboolean site_check_keys(const char *path, GKeyFile *file, GError **error)
{
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    g_auto(GStrv) keys = g_key_file_get_keys(file, GROUP, NULL, NULL);
    if (g_strv_length(groups) > 1 || (*groups && !keys))
        return site_refuse(path, "there is another group", error);
    for (char **key = keys; key && *key; key++)
        if (!site_check_key(path, *key, error))
            return FALSE;
    return TRUE;
}

static gboolean site_take(const char *path, GKeyFile *file, struct site *site, GError **error)
{
    g_autofree char *isolation = g_key_file_get_string(file, GROUP, ISOLATION, NULL);
    if (!site_check_keys(path, file, error))
        return FALSE;
    if (!isolation || strcmp(isolation, AUTO) == 0)
        return TRUE;
    if (strcmp(isolation, MACHINE) != 0)
        return site_refuse(path, "unknown " ISOLATION, error);
    site->isolation = g_steal_pointer(&isolation);
    return TRUE;
}

gboolean site_read(const char *path, struct site *site, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(GKeyFile) file = g_key_file_new();
    site->isolation = NULL;
    if (g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &local))
        return site_take(path, file, site, error);
    return g_error_matches(local, G_FILE_ERROR, G_FILE_ERROR_NOENT) ||
           site_refuse(path, local->message, error);
}
