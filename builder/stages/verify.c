/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/files.h"
#include "stages/stages.h"
#include "verify/verify.h"

/* Boots two clones of the finished image, before it is moved into the output directory. */

static gboolean wanted(const build *b)
{
    return !b->options.no_verify;
}

/* A disk larger by more than a file system needs for itself; 0: not requested. */
static guint64 larger(const plan *p)
{
    return p->grow ? p->disk_size + p->disk_size / 4 + (1ull << 30) : 0;
}

/* What the seal has found. */
static guint systemd_of(const guest_facts *facts)
{
    const struct guest_package *package = facts ? guest_facts_package(facts, "systemd") : NULL;
    return package && package->version ? verify_systemd_version(package->version) : 0;
}

static void verify_fill_spec(const build *b, struct verify_spec *spec)
{
    const struct vm_spec *machine = &b->plan->vm;
    *spec = (struct verify_spec){.arch = machine->arch,
                                 .firmware = b->plan->firmware.template,
                                 .accel = &machine->accel,
                                 .cpus = 1,
                                 .memory = MIN(machine->memory, VERIFY_MEMORY),
                                 .force_tcg = !machine->accel.kvm,
                                 .disk_size = larger(b->plan),
                                 .packages = b->plan->required_packages,
                                 .hidden = b->hidden,
                                 .foreign_macs = vm_macs(),
                                 .build_host = g_get_host_name(),
                                 .systemd = systemd_of(b->facts),
                                 .data_dir = b->plan->data_dir,
                                 .work_dir = b->work_dir,
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

static gboolean verify_outputs(build *b, const struct verify_spec *spec, GError **error)
{
    verify_result *found = NULL;
    gboolean good = verify_run(spec, b->progress, b->cancel, &found, error);
    g_autoptr(verify_result) result = found;
    g_autoptr(GError) local = NULL;
    if (!result || report(b, spec->disks[0].name, result, &local))
        return good;
    if (!good)
        progress_warning(b->progress, "%s", local->message);
    else
        g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

/* Opens the file of an output that is a disk; opened gets the image. */
static struct verify_disk open_output(const build *b, const output_result *output,
                                      GPtrArray *opened)
{
    const output_file *file = g_ptr_array_index(output->files, 0);
    g_autofree char *path = g_build_filename(b->staging, file->name, NULL);
    image_file *own = image_own_as(path, output->format->driver);
    g_ptr_array_add(opened, own);
    return (struct verify_disk){own, file->name, file->sha256};
}

/* Each clone boots another output, as far as there are several. */
static gboolean verify_stage(build *b, const char *key, GError **error)
{
    (void)key;
    struct verify_spec spec;
    g_autoptr(GPtrArray) opened = g_ptr_array_new_with_free_func((GDestroyNotify)image_close);
    g_autoptr(GPtrArray) disks = output_disks(b->outputs);
    verify_fill_spec(b, &spec);
    for (guint i = 0; i < MIN(disks->len, VERIFY_CLONES); i++)
        spec.disks[i] = open_output(b, g_ptr_array_index(disks, i), opened);
    if (disks->len > VERIFY_CLONES)
        progress_warning(b->progress, "of %u outputs that are disks, the first %u are booted",
                         disks->len, VERIFY_CLONES);
    if (disks->len > 0)
        return verify_outputs(b, &spec, error);
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
