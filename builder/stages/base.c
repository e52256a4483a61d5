/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/base.h"

#include "base/digest.h"
#include "base/text.h"
#include "rootfs/rootfs.h"
#include "stages/history.h"
#include "stages/kept.h"
#include "stages/seed.h"

#include <unistd.h>

/* Raise it when the meaning of the inputs changes, or what rootfs_make makes of them. */
#define KEY_VERSION "base-3"

static void base_add_file(digest *d, const struct os_file *f)
{
    char hex[DIGEST_HEX_LEN + 1];
    gsize size;
    const void *data = g_bytes_get_data(f->data, &size);
    g_autofree char *mode = g_strdup_printf("%o", f->mode);
    digest_bytes(data, size, hex);
    digest_field(d, "path", f->path);
    digest_field(d, "mode", mode);
    digest_field(d, "data", hex);
}

/* Who fetches packages itself, in the guest, may find others when the archive has changed, so all
 * counts that is known of that; else only what the machine gets. */
static void add_media(digest *d, const media_boot *boot)
{
    for (guint i = 0; i < boot->inputs->len; i++) {
        const struct media_input *input = g_ptr_array_index(boot->inputs, i);
        if (!boot->packages || g_str_equal(input->name, "packages"))
            digest_field(d, input->name, input->sha256);
    }
    digest_field(d, "kernel", boot->kernel_sha256);
    digest_field(d, "initrd", boot->initrd_sha256);
    if (boot->medium)
        digest_field(d, "medium", boot->medium_sha256);
}

void base_add_inputs(const build *b, gboolean base, digest *d)
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
    add_media(d, b->boot);
    seed_add_inputs(p, d);
    for (guint i = 0; i < p->files->len; i++) {
        const struct os_file *f = g_ptr_array_index(p->files, i);
        if (!base || f->base)
            base_add_file(d, f);
    }
}

static double earlier(const char *phase, gpointer user)
{
    const build *b = user;
    return history_slowest(b->history, timeline_running_stage(b->timeline)->kind, phase);
}

static gboolean run_machine(build *b, const char *name, const char *disk, const char *initrd,
                            const struct build_seed *seed, GPtrArray *phases, GError **error)
{
    const struct plan_machine_files files = {disk, b->boot->kernel, initrd, b->boot->medium};
    const struct vm_spec machine = plan_machine(b->plan, &files);
    const os_installer *installer = b->plan->installer;
    const struct install_spec spec = {.vm = &machine,
                                      .name = name,
                                      .phases = installer->phases,
                                      .failures = installer->failures,
                                      .console = installer->console,
                                      .reasons = installer->reasons,
                                      .limits = b->plan->limits,
                                      .earlier = earlier,
                                      .earlier_user = b,
                                      .boot = seed ? &seed->boot : NULL,
                                      .keep = b->options.keep,
                                      .dir = b->run_dir,
                                      .log_dir = b->log_dir};
    struct install_record *record = NULL;
    double began = timeline_now(b->timeline);
    gboolean good = install_run(&spec, b->progress, b->cancel, &record, error);
    if (!record)
        return good;
    record->began = began;
    timeline_phases_extend(phases, record->phases);
    timeline_add_machine(b->timeline, install_record_to_json(record, b->log_dir));
    install_record_free(record);
    return good;
}

gboolean base_run_machine(build *b, const char *name, const char *disk, const char *initrd,
                          GPtrArray *phases, GError **error)
{
    struct build_seed seed = {0};
    if (!b->plan->boot.command)
        return run_machine(b, name, disk, initrd, NULL, phases, error);
    gboolean good =
        seed_begin(b, &seed, error) && run_machine(b, name, disk, NULL, &seed, phases, error);
    seed_end(b, &seed);
    return good;
}

/* ---- the base system ---- */

gboolean build_unpack(const plan *p, const media_boot *boot, const char *disk, progress *told,
                      GCancellable *cancel, GError **error)
{
    const guint n = boot->packages->len;
    g_autofree struct rootfs_package *packages = g_new0(struct rootfs_package, n);
    g_autofree char *folder = g_path_get_dirname(disk);
    for (guint i = 0; i < n; i++) {
        const media_package *from = g_ptr_array_index(boot->packages, i);
        packages[i] = (struct rootfs_package){from->name, from->path, from->order, from->automatic};
    }
    const struct rootfs_spec spec = {.image = disk,
                                     .work_dir = folder,
                                     .size = p->disk_size,
                                     .efi = p->answers.sources->efi,
                                     .database = p->installer->packaging->database,
                                     .packages = packages,
                                     .n_packages = n};
    return rootfs_make(&spec, told, cancel, error);
}

static gboolean base_make(const char *disk, GPtrArray *phases, gpointer user, GError **error)
{
    build *b = user;
    g_autofree char *initrd = g_build_filename(b->work_dir, "base-initrd", NULL);
    double began = timeline_now(b->timeline);
    progress_phase(b->progress, "unpack");
    if (!build_unpack(b->plan, b->boot, disk, b->progress, b->cancel, error))
        return FALSE;
    timeline_phases_add(phases, "unpack")->seconds = timeline_now(b->timeline) - began;
    return plan_append_files(b->plan, TRUE, b->boot->initrd, initrd, error) &&
           base_run_machine(b, "packages", disk, initrd, phases, error);
}

static char *base_key(const build *b)
{
    char hex[DIGEST_HEX_LEN + 1];
    g_autoptr(digest) d = digest_new();
    base_add_inputs(b, TRUE, d);
    digest_finish(d, hex);
    return g_strdup(hex);
}

gboolean base_is_kept(const build *b)
{
    if (b->options.fresh || !b->boot || !b->boot->packages)
        return FALSE;
    g_autofree char *key = base_key(b);
    return kept_is_there(b->plan->cache_dir, "base", key, b->options.max_age);
}

GPtrArray *base_load_kept(const build *b, const kept *k, gint64 *age)
{
    g_autofree char *why = NULL;
    GPtrArray *phases = kept_load(k, b->options.max_age, age, &why);
    if (why)
        progress_warning(b->progress, "the kept disk is not taken: %s", why);
    return phases;
}

static gboolean base_load(build *b, const kept *k)
{
    gint64 age;
    g_autoptr(GPtrArray) phases = b->options.fresh ? NULL : base_load_kept(b, k, &age);
    if (!phases)
        return FALSE;
    g_autofree char *old = text_duration((double)age);
    progress_stage_kind(b->progress, "install on a kept base");
    progress_info(b->progress, "  the same packages were configured %s ago; --fresh does it again",
                  old);
    return TRUE;
}

/* disk becomes an overlay; what is under it gets a name beside it, so that it stays as long as disk
 * does, whatever becomes of the base system.  Where there are no hard links it is copied. */
static gboolean put_under(const char *from, const char *disk, GCancellable *cancel, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(disk);
    g_autofree char *under = g_build_filename(folder, "base.qcow2", NULL);
    g_autoptr(GFile) source = g_file_new_for_path(from);
    g_autoptr(GFile) target = g_file_new_for_path(under);
    return (link(from, under) == 0 ||
            g_file_copy(source, target, G_FILE_COPY_NONE, cancel, NULL, NULL, error)) &&
           vm_disk_create(disk, 0, under, cancel, error);
}

static gboolean packages_disk(build *b, const char *disk, GPtrArray *phases, GError **error)
{
    g_autofree char *key = base_key(b);
    g_autoptr(kept) k = kept_hold(b->plan->cache_dir, "base", key, b->cancel, error);
    if (!k)
        return FALSE;
    if (!base_load(b, k)) {
        GPtrArray *made = kept_make(k, base_make, b, error);
        if (!made)
            return FALSE;
        g_ptr_array_extend_and_steal(phases, made);
    }
    return put_under(kept_disk(k), disk, b->cancel, error);
}

gboolean base_disk(build *b, const char *disk, GPtrArray *phases, GError **error)
{
    if (!b->boot->packages)
        return vm_disk_create(disk, b->plan->disk_size, NULL, b->cancel, error);
    return packages_disk(b, disk, phases, error);
}
