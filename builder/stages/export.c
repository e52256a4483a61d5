/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/files.h"
#include "stages/namespace.h"

/* Writes the finished image in every format into a staging directory of the output directory. */

/* The disk that is exported: the sealed overlay, or a new one of the sealed tree, which has done
 * its work then. */
static gboolean export_disk(build *b, struct output_job *job, GError **error)
{
    if (b->plan->isolation == PLAN_MACHINE) {
        job->image = b->sealed;
        return TRUE;
    }
    progress_phase(b->progress, "disk");
    b->sealed = g_build_filename(b->work_dir, "sealed.raw", NULL);
    job->image = b->sealed;
    job->image_format = "raw";
    gboolean good = namespace_write_disk(b, b->sealed, error);
    namespace_clear(b);
    return good;
}

static gboolean export_stage(build *b, const char *key, GError **error)
{
    (void)key;
    if (!files_mkdir(b->plan->out_dir, FALSE, error))
        return FALSE;
    b->staging = output_stage(b->plan->out_dir, b->plan->name, error);
    if (!b->staging)
        return FALSE;
    struct output_job job = {.folder = b->staging,
                             .name = b->plan->name,
                             .compact = b->options.compact,
                             .progress = b->progress,
                             .cancel = b->cancel};
    if (!export_disk(b, &job, error))
        return FALSE;
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
