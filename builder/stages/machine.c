/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/installation.h"
#include "stages/seed.h"

/* An installation in a machine: what is kept are disks, overlays of each other. */

/* Raise it when the meaning of the inputs changes, or what rootfs_make makes of them. */
#define KEY_VERSION "base-4"

static void machine_add_inputs(const build *b, gboolean base_only, digest *d)
{
    const plan *p = b->plan;
    g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, p->disk_size);
    g_autofree char *cpus = g_strdup_printf("%u", p->vm.cpus);
    g_autofree char *memory = g_strdup_printf("%" G_GUINT64_FORMAT, p->vm.memory);
    digest_field(d, "version", KEY_VERSION);
    digest_field(d, "installer", p->installer->name);
    digest_field(d, "architecture", p->vm.arch);
    digest_field(d, "command line", p->vm.command_line);
    digest_field(d, "processors", cpus);
    digest_field(d, "memory", memory);
    digest_field(d, "disk size", size);
    installation_add_media(b->media, d);
    seed_add_inputs(p, d);
    installation_add_files(p, base_only, d);
}

static gboolean machine_run_seeded(build *b, const char *name, const char *disk, const char *initrd,
                                   const struct build_seed *seed, GPtrArray *phases, GError **error)
{
    const struct plan_machine_files files = {disk, b->media->kernel, initrd, b->media->medium};
    const struct vm_spec machine = plan_machine(b->plan, &files);
    struct install_spec spec = {.vm = &machine, .boot_command = seed ? &seed->boot_command : NULL};
    return installation_run(b, name, &spec, phases, error);
}

/* Runs a machine on a disk, with that initrd, or with the medium and its seed if the medium boots
 * by itself. */
static gboolean machine_run(build *b, const char *name, const char *disk, const char *initrd,
                            GPtrArray *phases, GError **error)
{
    struct build_seed seed = {0};
    if (!b->plan->boot_command)
        return machine_run_seeded(b, name, disk, initrd, NULL, phases, error);
    gboolean good = seed_begin(b, &seed, error) &&
                    machine_run_seeded(b, name, disk, NULL, &seed, phases, error);
    seed_end(b, &seed);
    return good;
}

static gboolean base_system_make(const char *disk, GPtrArray *phases, gpointer user, GError **error)
{
    build *b = user;
    g_autofree char *initrd = g_build_filename(b->work_dir, "base-initrd", NULL);
    double began = timeline_now(b->timeline);
    progress_phase(b->progress, "unpack");
    if (!build_unpack(b->plan, b->media, disk, b->progress, b->cancel, error))
        return FALSE;
    timeline_phases_add(phases, "unpack")->seconds = timeline_now(b->timeline) - began;
    return plan_append_files(b->plan, TRUE, b->media->initrd, initrd, error) &&
           machine_run(b, "packages", disk, initrd, phases, error);
}

/* disk becomes an overlay of a file beside it. */
static gboolean base_system_put_under(const char *from, const char *disk, GCancellable *cancel,
                                      GError **error)
{
    g_autofree char *folder = g_path_get_dirname(disk);
    g_autofree char *under = g_build_filename(folder, "base." VM_DISK_FORMAT, NULL);
    return installation_share_base(from, under, cancel, error) &&
           vm_disk_create(disk, 0, under, cancel, error);
}

static gboolean packages_disk(build *b, const char *disk, GPtrArray *phases, GError **error)
{
    g_autofree char *key = installation_base_key(b, &install_in_machine);
    g_autoptr(kept) k = kept_hold(b->plan->cache_dir, &kept_base_disk, key, b->cancel, error);
    if (!k)
        return FALSE;
    if (!installation_load_base(b, k)) {
        GPtrArray *made = kept_make(k, base_system_make, b, error);
        if (!made)
            return FALSE;
        g_ptr_array_extend_and_steal(phases, made);
    }
    return base_system_put_under(kept_file(k), disk, b->cancel, error);
}

static gboolean base_system_disk(build *b, const char *disk, GPtrArray *phases, GError **error)
{
    if (!b->media->packages)
        return vm_disk_create(disk, b->plan->disk_size, NULL, b->cancel, error);
    return packages_disk(b, disk, phases, error);
}

static gboolean machine_make(const char *disk, GPtrArray *phases, gpointer user, GError **error)
{
    build *b = user;
    return base_system_disk(b, disk, phases, error) &&
           machine_run(b, "system", disk, b->initrd, phases, error);
}

const struct install_way install_in_machine = {
    .kept = &kept_install_disk,
    .base = &kept_base_disk,
    .add_inputs = machine_add_inputs,
    .make = machine_make,
};
