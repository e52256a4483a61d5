/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/machine.h"

#include "base/text.h"
#include "stages/history.h"
#include "stages/seed.h"

/* Raise it when the meaning of the inputs changes, or what rootfs_make makes of them. */
#define KEY_VERSION "base-3"

static void machine_add_file(digest *d, const struct os_file *f)
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

/* An installer that fetches packages itself, in the guest, may find others after the archive has
 * changed, so everything known about the archive counts; else only what the machine gets. */
static void machine_add_media(digest *d, const media_boot *boot)
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

void machine_add_inputs(const build *b, gboolean base_only, digest *d)
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
    machine_add_media(d, b->media);
    seed_add_inputs(p, d);
    for (guint i = 0; i < p->files->len; i++) {
        const struct os_file *f = g_ptr_array_index(p->files, i);
        if (!base_only || f->base_system)
            machine_add_file(d, f);
    }
}

static double machine_earlier(const char *phase, gpointer user)
{
    const build *b = user;
    return history_slowest(b->history, timeline_running_stage(b->timeline)->kind, phase);
}

static gboolean machine_run_seeded(build *b, const char *name, const char *disk, const char *initrd,
                                   const struct build_seed *seed, GPtrArray *phases, GError **error)
{
    const struct plan_machine_files files = {disk, b->media->kernel, initrd, b->media->medium};
    const struct vm_spec machine = plan_machine(b->plan, &files);
    const os_installer *installer = b->plan->installer;
    const struct install_spec spec = {.vm = &machine,
                                      .name = name,
                                      .phases = installer->phases,
                                      .failures = installer->failures,
                                      .console = installer->console,
                                      .reasons = installer->reasons,
                                      .limits = b->plan->limits,
                                      .earlier = machine_earlier,
                                      .earlier_user = b,
                                      .boot_command = seed ? &seed->boot_command : NULL,
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

gboolean machine_run(build *b, const char *name, const char *disk, const char *initrd,
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

GPtrArray *machine_load_kept(const build *b, const kept *k, gint64 *age)
{
    g_autofree char *why = NULL;
    GPtrArray *phases = kept_load(k, b->options.max_age, age, &why);
    if (why)
        progress_warning(b->progress, "the kept disk is not reused: %s", why);
    return phases;
}
