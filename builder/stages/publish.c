/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/files.h"
#include "stages/manifest.h"
#include "stages/stages.h"

/* Writes the manifest and moves image and manifest into the output directory. */

static gboolean write_manifest(const build *b, GError **error)
{
    g_autofree char *file = g_strdup_printf("%s.json", b->plan->name);
    g_autofree char *path = g_build_filename(b->staging, file, NULL);
    json_t *manifest = manifest_new(b);
    g_autofree char *text =
        secrets_dump_json(b->hidden, manifest, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    g_autofree char *lines = g_strconcat(text, "\n", NULL);
    gboolean good = files_write_atomic(path, lines, -1, 0644, error);
    json_decref(manifest);
    return good;
}

static gboolean publish_stage(build *b, const char *key, GError **error)
{
    (void)key;
    const output_format *format = output_format_find(b->plan->format);
    const char *sha256 = json_string_value(json_object_get(b->image, "sha256"));
    if (!write_manifest(b, error) || !output_publish(b->staging, b->plan->out_dir, b->plan->name,
                                                     format->extension, sha256, b->cancel, error))
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
