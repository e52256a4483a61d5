/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/files.h"
#include "stages/stages.h"
#include "verify/verify.h"

/* Boots two clones of the finished image, before it is moved into the output directory. */

#define MEMORY_MOST (1ull << 30) /* of each clone: a host that installs with less has little */

static gboolean wanted(const build *b)
{
    return !b->options.no_verify;
}

/* A disk that is larger by more than what a file system needs for itself; 0: not asked for. */
static guint64 larger(const plan *p)
{
    return p->grow ? p->disk_size + p->disk_size / 4 + (1ull << 30) : 0;
}

static void verify_fill_spec(const build *b, const image_file *from, const char *work_dir,
                             struct verify_spec *spec)
{
    const struct vm_spec *machine = &b->plan->vm;
    *spec = (struct verify_spec){.image = from,
                                 .arch = machine->arch,
                                 .firmware = b->plan->firmware.template,
                                 .accel = &machine->accel,
                                 .cpus = 1,
                                 .memory = MIN(machine->memory, MEMORY_MOST),
                                 .force_tcg = !machine->accel.kvm,
                                 .disk_size = larger(b->plan),
                                 .packages = b->plan->required_packages,
                                 .hidden = b->hidden,
                                 .foreign_macs = vm_macs(),
                                 .build_host = g_get_host_name(),
                                 .data_dir = b->plan->data_dir,
                                 .work_dir = work_dir,
                                 .log_dir = b->log_dir};
}

/* For the bundle of a failure; the whole build has its own report. */
static gboolean report(build *b, const char *file, const verify_result *result, GError **error)
{
    g_autofree char *xml = verify_to_junit(result, file);
    g_autofree char *logged = g_build_filename(b->log_dir, "verify.junit.xml", NULL);
    b->verified = verify_to_json(result);
    return files_write_atomic(logged, xml, -1, 0644, error);
}

static gboolean verify_disk(build *b, const output_result *disk, GError **error)
{
    struct verify_spec spec;
    verify_result *found = NULL;
    const output_file *file = g_ptr_array_index(disk->files, 0);
    g_autofree char *path = g_build_filename(b->staging, file->name, NULL);
    g_autofree char *work_dir = g_build_filename(b->work_dir, "verify", NULL);
    if (!files_mkdir(work_dir, TRUE, error))
        return FALSE;
    g_autoptr(image_file) own = image_own_as(path, disk->format->driver);
    verify_fill_spec(b, own, work_dir, &spec);
    spec.name = file->name;
    spec.sha256 = file->sha256;
    gboolean good = verify_run(&spec, b->progress, b->cancel, &found, error);
    g_autoptr(verify_result) result = found;
    files_remove_tree(work_dir);
    g_autoptr(GError) local = NULL;
    if (!result || report(b, file->name, result, &local))
        return good;
    if (!good)
        progress_warning(b->progress, "%s", local->message);
    else
        g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

static gboolean verify_stage(build *b, const char *key, GError **error)
{
    (void)key;
    const output_result *disk = output_disk(b->outputs);
    if (disk)
        return verify_disk(b, disk, error);
    ingot_set_error(error, INGOT_EXIT_VERIFY, "add a format that is a disk, or use --no-verify",
                    "no output of %s can be booted", b->plan->name);
    return FALSE;
}

const stage stage_verify = {
    .name = "verify",
    .heading = "boot two clones and prove that they are two machines",
    .failure = INGOT_EXIT_VERIFY,
    .limits = {.total = 2 * 3600, .emulated = TRUE, .learned = TRUE},
    .run = verify_stage,
    .wanted = wanted,
};
