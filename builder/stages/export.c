/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/files.h"
#include "stages/stages.h"

/* Writes the finished image into a staging directory of the output directory. */

static gboolean export_stage(build *b, const char *key, GError **error)
{
    (void)key;
    const output_format *format = output_format_find(b->plan->format);
    if (!files_mkdir(b->plan->out_dir, FALSE, error))
        return FALSE;
    b->staging = output_stage(b->plan->out_dir, b->plan->name, error);
    if (!b->staging)
        return FALSE;
    g_autofree char *file = g_strdup_printf("%s.%s", b->plan->name, format->extension);
    g_autofree char *path = g_build_filename(b->staging, file, NULL);
    if (!format->write(b->sealed, path, b->options.compact, b->progress, b->cancel, error))
        return FALSE;
    b->image = output_describe(path, format->name, b->cancel, error);
    return b->image != NULL;
}

static void undo(build *b)
{
    output_unstage(b->staging);
}

const stage stage_export = {
    .name = "export",
    .heading = "write and check the image",
    .failure = INGOT_EXIT_OUTPUT,
    .limits = {.still = 10 * 60, .total = 4 * 3600, .learned = TRUE},
    .run = export_stage,
    .undo = undo,
};
