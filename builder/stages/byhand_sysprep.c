/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/files.h"
#include "stages/stages.h"

/* The seal of a build, done to any image. */

/* Whoever may read the image can have its changes shown: then it is only read. */
static gboolean byhand_seal(const struct sysprep_by_hand *s, const image_file *what,
                            progress *reporter, GCancellable *cancel, guest_facts **facts,
                            GError **error)
{
    struct sysprep_spec spec = s->spec;
    spec.open.image = what;
    spec.open.name = image_path(s->image);
    spec.open.read_only = s->dry_run;
    spec.no_policy = TRUE;
    progress_stage(reporter, "sysprep");
    gboolean good = sysprep_image(&spec, reporter, cancel, facts, error);
    progress_stage_end(reporter, good, FALSE);
    return good;
}

/* Files that depend on no other, as a build writes them; the disk becomes the copy. */
static gboolean byhand_fill_copy(const struct sysprep_by_hand *s, const struct output_job *job,
                                 GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const output_format *format = output_format_of_disk(image_format(s->image));
    if (!format->write(job, names, error))
        return FALSE;
    g_autofree char *made = g_build_filename(job->folder, names->pdata[0], NULL);
    return image_check_same(s->image, error) && files_publish_new(made, s->copy, error);
}

static gboolean byhand_write_copy(const struct sysprep_by_hand *s, const char *overlay,
                                  progress *reporter, GCancellable *cancel, GError **error)
{
    int lock = -1;
    g_autofree char *beside = g_path_get_dirname(s->copy);
    g_autofree char *folder = files_live_dir_of(beside, ".ingot-sysprep", &lock, error);
    if (!folder)
        return FALSE;
    const struct output_job job = {.image = overlay,
                                   .folder = folder,
                                   .name = "copy",
                                   .compact = s->compact,
                                   .progress = reporter,
                                   .cancel = cancel};
    gboolean good = byhand_fill_copy(s, &job, error);
    files_remove_tree(folder);
    files_unlock(lock);
    return good;
}

static gboolean byhand_write(const struct sysprep_by_hand *s, const char *overlay,
                             progress *reporter, GCancellable *cancel, GError **error)
{
    progress_stage(reporter, "write");
    gboolean good = s->copy ? byhand_write_copy(s, overlay, reporter, cancel, error)
                            : image_replace(s->image, overlay, cancel, error);
    progress_stage_end(reporter, good, FALSE);
    return good;
}

/* Before long work. */
static gboolean byhand_can_write(const struct sysprep_by_hand *s, GError **error)
{
    if (!s->copy)
        return image_can_replace(s->image, error);
    if (!g_file_test(s->copy, G_FILE_TEST_EXISTS))
        return files_check_target("--copy", s->copy, error);
    ingot_set_error(error, INGOT_EXIT_OUTPUT, "remove it, or name another file",
                    "%s is there already", s->copy);
    return FALSE;
}

gboolean build_sysprep_by_hand(const struct sysprep_by_hand *s, progress *reporter,
                               GCancellable *cancel, guest_facts **facts, GError **error)
{
    *facts = NULL;
    if (s->dry_run)
        return byhand_seal(s, s->image, reporter, cancel, facts, error);
    g_autofree char *overlay = image_scratch(s->image, "overlay." VM_DISK_FORMAT);
    if (!byhand_can_write(s, error) || !image_overlay(s->image, overlay, 0, cancel, error))
        return FALSE;
    g_autoptr(image_file) own = image_own(overlay);
    return byhand_seal(s, own, reporter, cancel, facts, error) &&
           byhand_write(s, overlay, reporter, cancel, error);
}
