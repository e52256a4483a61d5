/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/installation.h"

#include "base/text.h"
#include "stages/history.h"

#include <unistd.h>

/* ---- base systems ---- */

char *installation_base_key(const build *b, const struct install_way *way)
{
    char hex[DIGEST_HEX_LEN + 1];
    g_autoptr(digest) d = digest_new();
    way->add_inputs(b, TRUE, d);
    digest_finish(d, hex);
    return g_strdup(hex);
}

gboolean installation_base_is_kept(const build *b, const struct install_way *way)
{
    if (b->options.fresh || !b->media || !b->media->packages)
        return FALSE;
    g_autofree char *key = installation_base_key(b, way);
    return kept_is_there(b->plan->cache_dir, way->base, key, b->options.max_age);
}

gboolean installation_load_base(build *b, const kept *k)
{
    gint64 age;
    g_autoptr(GPtrArray) phases = b->options.fresh ? NULL : installation_load(b, k, &age);
    if (!phases)
        return FALSE;
    g_autofree char *old = text_duration((double)age);
    progress_stage_kind(b->progress, b->plan->isolation == PLAN_NAMESPACE
                                         ? "install on a kept base in a namespace"
                                         : "install on a kept base");
    progress_info(b->progress,
                  "  the same packages were configured %s ago; --fresh configures them again", old);
    return TRUE;
}

gboolean installation_share_base(const char *base, const char *name, GCancellable *cancel,
                                 GError **error)
{
    g_autoptr(GFile) source = g_file_new_for_path(base);
    g_autoptr(GFile) target = g_file_new_for_path(name);
    return link(base, name) == 0 ||
           g_file_copy(source, target, G_FILE_COPY_NONE, cancel, NULL, NULL, error);
}

GPtrArray *installation_load(const build *b, const kept *k, gint64 *age)
{
    g_autofree char *why = NULL;
    GPtrArray *phases = kept_load(k, b->options.max_age, age, &why);
    if (why)
        progress_warning(b->progress, "the kept disk is not reused: %s", why);
    return phases;
}

/* ---- keys ---- */

static void installation_add_file(digest *d, const struct os_file *f)
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
void installation_add_media(const media_boot *boot, digest *d)
{
    for (guint i = 0; i < boot->inputs->len; i++) {
        const struct media_input *input = g_ptr_array_index(boot->inputs, i);
        if (!boot->packages || g_str_equal(input->name, "packages"))
            digest_field(d, input->name, input->sha256);
    }
    if (boot->kernel) {
        digest_field(d, "kernel", boot->kernel_sha256);
        digest_field(d, "initrd", boot->initrd_sha256);
    }
    if (boot->medium)
        digest_field(d, "medium", boot->medium_sha256);
}

void installation_add_files(const plan *p, gboolean base_only, digest *d)
{
    for (guint i = 0; i < p->files->len; i++) {
        const struct os_file *f = g_ptr_array_index(p->files, i);
        if (!base_only || f->base_system)
            installation_add_file(d, f);
    }
}

/* ---- running ---- */

static double installation_earlier(const char *phase, gpointer user)
{
    const build *b = user;
    return history_slowest(b->history, timeline_running_stage(b->timeline)->kind, phase);
}

gboolean installation_run(build *b, const char *name, struct install_spec *spec, GPtrArray *phases,
                          GError **error)
{
    const os_installer *installer = b->plan->installer;
    struct install_record *record = NULL;
    double began = timeline_now(b->timeline);
    spec->name = name;
    spec->phases = installer->phases;
    spec->failures = installer->failures;
    spec->console = installer->console;
    spec->reasons = installer->reasons;
    spec->limits = b->plan->limits;
    spec->earlier = installation_earlier;
    spec->earlier_user = b;
    spec->hidden = b->hidden;
    spec->keep = b->options.keep;
    spec->dir = b->run_dir;
    spec->log_dir = b->log_dir;
    gboolean good = install_run(spec, b->progress, b->cancel, &record, error);
    if (!record)
        return good;
    record->began = began;
    timeline_phases_extend(phases, record->phases);
    timeline_add_machine(b->timeline, install_record_to_json(record, b->log_dir));
    install_record_free(record);
    return good;
}
