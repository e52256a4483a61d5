/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/files.h"
#include "stages/manifest.h"
#include "stages/stages.h"

/* Writes the manifest and moves it and the files of all formats into the output directory. */

static output_file *write_manifest(const build *b, GError **error)
{
    g_autofree char *file = g_strdup_printf("%s.json", b->plan->name);
    g_autofree char *path = g_build_filename(b->staging, file, NULL);
    json_t *manifest = manifest_new(b);
    g_autofree char *text =
        secrets_dump_json(b->hidden, manifest, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    g_autofree char *lines = g_strconcat(text, "\n", NULL);
    json_decref(manifest);
    return files_write_atomic(path, lines, -1, 0644, error)
               ? output_file_read(b->staging, file, b->cancel, error)
               : NULL;
}

/* The manifest last: who finds one finds what it names. */
static gboolean publish_all(const build *b, output_file *manifest, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new();
    for (guint i = 0; i < b->outputs->len; i++) {
        const output_result *result = g_ptr_array_index(b->outputs, i);
        g_ptr_array_extend(files, result->files, NULL, NULL);
    }
    g_ptr_array_add(files, manifest);
    return output_publish(b->staging, b->plan->out_dir, files, b->cancel, error);
}

static gboolean publish_stage(build *b, const char *key, GError **error)
{
    (void)key;
    g_autoptr(output_file) manifest = write_manifest(b, error);
    if (!manifest || !publish_all(b, manifest, error))
        return FALSE;
    output_unstage(b->staging);
    return TRUE;
}

const stage stage_publish = {
    .name = "publish",
    .heading = "move image and manifest into the output directory",
    .failure = INGOT_EXIT_OUTPUT,
    .limits = {.still = 10 * 60, .total = 3600},
    .run = publish_stage,
};
