/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/output.h"

#include "base/files.h"

#include <stdlib.h>
#include <string.h>

/* What a manifest says of the files beside it: output_results_json, read again. */

#define MANIFEST_LIMIT (16u << 20)

/* DIR/NAME.json of DIR/NAME.EXTENSION, or NULL; the caller owns it. */
static json_t *read_manifest(const char *path)
{
    const char *dot = strrchr(path, '.');
    if (!dot || strchr(dot, '/'))
        return NULL;
    g_autofree char *file = g_strdup_printf("%.*s.json", (int)(dot - path), path);
    g_autofree char *text = files_read(file, MANIFEST_LIMIT, NULL, NULL);
    return text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

/* The manifest beside the file that a path leads to, whose name *name gets; the caller owns both.
 */
static json_t *manifest_beside(const char *path, char **name)
{
    char *real = realpath(path, NULL);
    json_t *manifest = real ? read_manifest(real) : NULL;
    *name = g_path_get_basename(real ? real : path);
    free(real);
    return manifest;
}

/* A member of the first file of an output: the disk. */
static const char *disk_member(const json_t *output, const char *member)
{
    const json_t *first = json_array_get(json_object_get(output, "files"), 0);
    return json_string_value(json_object_get(first, member));
}

/* The output of which the file is the disk. */
static const json_t *output_in(const json_t *manifest, const char *name)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(manifest, "outputs"), i, one)
    {
        if (g_strcmp0(disk_member(one, "file"), name) == 0)
            return one;
    }
    return NULL;
}

static const char *version_in(const json_t *manifest, const char *package)
{
    const json_t *packages = json_object_get(json_object_get(manifest, "os"), "packages");
    size_t i;
    json_t *one;
    json_array_foreach(packages, i, one)
    {
        if (g_strcmp0(json_string_value(json_object_get(one, "name")), package) == 0)
            return json_string_value(json_object_get(one, "version"));
    }
    return NULL;
}

const output_format *output_published_format(const char *path)
{
    g_autofree char *name = NULL;
    json_t *manifest = manifest_beside(path, &name);
    const char *said = json_string_value(json_object_get(output_in(manifest, name), "format"));
    const output_format *found = said ? output_format_find(said) : NULL;
    json_decref(manifest);
    return found;
}

char *output_published_package(const char *path, const char *package, char **sha256)
{
    g_autofree char *name = NULL;
    json_t *manifest = manifest_beside(path, &name);
    const char *digest = disk_member(output_in(manifest, name), "sha256");
    char *version = digest ? g_strdup(version_in(manifest, package)) : NULL;
    *sha256 = version ? g_strdup(digest) : NULL;
    json_decref(manifest);
    return version;
}
