/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/publish.h"

#include "base/digest.h"

#include <string.h>

gboolean publish_name_is_good(const char *name)
{
    return *name && *name != '.' && !strchr(name, '/') && !strchr(name, '\n') &&
           !strchr(name, '\\');
}

/* "HEX  name" or "HEX *name"; NULL when the line is no such thing or names no file of this
 * directory.  The name points into the line. */
static const char *sums_name_of(char *line)
{
    if (strlen(line) < DIGEST_HEX_LEN + 3 || line[DIGEST_HEX_LEN] != ' ')
        return NULL;
    line[DIGEST_HEX_LEN] = '\0';
    const char *name = line + DIGEST_HEX_LEN + 2;
    return digest_is_hex(line) && publish_name_is_good(name) ? name : NULL;
}

static void keep_old(GTree *all, const char *old, const char *out_dir)
{
    g_auto(GStrv) lines = g_strsplit(old ? old : "", "\n", -1);
    for (char **line = lines; *line; line++) {
        const char *name = sums_name_of(*line);
        g_autofree char *path = name ? g_build_filename(out_dir, name, NULL) : NULL;
        if (path && g_file_test(path, G_FILE_TEST_IS_REGULAR))
            g_tree_insert(all, g_strdup(name), g_ascii_strdown(*line, -1));
    }
}

static gboolean append(gpointer name, gpointer hex, gpointer text)
{
    g_string_append_printf(text, "%s  %s\n", (const char *)hex, (const char *)name);
    return FALSE;
}

static gint compare(gconstpointer a, gconstpointer b, gpointer data)
{
    (void)data;
    return strcmp(a, b);
}

char *sums_merge(const char *old, const char *out_dir, const GPtrArray *files)
{
    g_autoptr(GTree) all = g_tree_new_full(compare, NULL, g_free, g_free);
    keep_old(all, old, out_dir);
    for (guint i = 0; i < files->len; i++) {
        const output_file *file = g_ptr_array_index(files, i);
        g_tree_insert(all, g_strdup(file->name), g_strdup(file->sha256));
    }
    GString *text = g_string_new(NULL);
    g_tree_foreach(all, append, text);
    return g_string_free(text, FALSE);
}
