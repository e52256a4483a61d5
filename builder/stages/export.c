/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/files.h"
#include "stages/stages.h"

/* Writes the finished image in every format into a staging directory of the output directory. */

static gboolean export_stage(build *b, const char *key, GError **error)
{
    (void)key;
    if (!files_mkdir(b->plan->out_dir, FALSE, error))
        return FALSE;
    b->staging = output_stage(b->plan->out_dir, b->plan->name, error);
    if (!b->staging)
        return FALSE;
    const struct output_job job = {.image = b->sealed,
                                   .folder = b->staging,
                                   .name = b->plan->name,
                                   .compact = b->options.compact,
                                   .progress = b->progress,
                                   .cancel = b->cancel};
    for (const output_format *const *format = b->plan->outputs; *format; format++) {
        output_result *result = output_write(*format, &job, error);
        if (!result)
            return FALSE;
        g_ptr_array_add(b->outputs, result);
    }
    return TRUE;
}

/* "export qcow2 raw": other formats, or one that tries harder, take another time. */
static const char *export_kind(const build *b)
{
    g_autoptr(GString) kind = g_string_new("export");
    for (const output_format *const *format = b->plan->outputs; *format; format++)
        g_string_append_printf(kind, " %s", (*format)->name);
    if (b->options.compact != OUTPUT_FAST)
        g_string_append(kind, " small");
    return g_intern_string(kind->str);
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
    .kind = export_kind,
    .run = export_stage,
    .undo = undo,
};
