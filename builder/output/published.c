/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/output.h"

#include "base/files.h"

#include <stdlib.h>
#include <string.h>

/* What a manifest says of the files beside it: output_results_json, read again. */

#define MANIFEST_LIMIT (16u << 20)

/* DIR/NAME.json of DIR/NAME.EXTENSION, or NULL. */
static json_t *manifest_beside(const char *path)
{
    const char *dot = strrchr(path, '.');
    if (!dot || strchr(dot, '/'))
        return NULL;
    g_autofree char *file = g_strdup_printf("%.*s.json", (int)(dot - path), path);
    g_autofree char *text = files_read(file, MANIFEST_LIMIT, NULL, NULL);
    return text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

/* The format of which the file is the disk: the first of its files. */
static const char *format_in(const json_t *manifest, const char *name)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(manifest, "outputs"), i, one)
    {
        const json_t *first = json_array_get(json_object_get(one, "files"), 0);
        if (g_strcmp0(json_string_value(json_object_get(first, "file")), name) == 0)
            return json_string_value(json_object_get(one, "format"));
    }
    return NULL;
}

const output_format *output_published_format(const char *path)
{
    char *real = realpath(path, NULL);
    json_t *manifest = real ? manifest_beside(real) : NULL;
    g_autofree char *name = g_path_get_basename(real ? real : path);
    const char *said = format_in(manifest, name);
    const output_format *found = said ? output_format_find(said) : NULL;
    json_decref(manifest);
    free(real);
    return found;
}
