/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/base_system.h"

#include "base/digest.h"
#include "base/text.h"
#include "rootfs/rootfs.h"
#include "stages/kept.h"
#include "stages/machine.h"

#include <unistd.h>

gboolean build_unpack(const plan *p, const media_boot *boot, const char *disk, progress *reporter,
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
                                     .format = VM_DISK_FORMAT,
                                     .work_dir = folder,
                                     .size = p->disk_size,
                                     .efi = p->answers.sources->efi,
                                     .content = {.database = p->installer->packaging->database,
                                                 .packages = packages,
                                                 .n_packages = n}};
    return rootfs_make(&spec, reporter, cancel, error);
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

static char *base_system_key(const build *b)
{
    char hex[DIGEST_HEX_LEN + 1];
    g_autoptr(digest) d = digest_new();
    machine_add_inputs(b, TRUE, d);
    digest_finish(d, hex);
    return g_strdup(hex);
}

gboolean base_system_is_kept(const build *b)
{
    if (b->options.fresh || !b->media || !b->media->packages)
        return FALSE;
    g_autofree char *key = base_system_key(b);
    return kept_is_there(b->plan->cache_dir, &kept_base_disk, key, b->options.max_age);
}

static gboolean base_system_load(build *b, const kept *k)
{
    gint64 age;
    g_autoptr(GPtrArray) phases = b->options.fresh ? NULL : machine_load_kept(b, k, &age);
    if (!phases)
        return FALSE;
    g_autofree char *old = text_duration((double)age);
    progress_stage_kind(b->progress, "install on a kept base");
    progress_info(b->progress,
                  "  the same packages were configured %s ago; --fresh configures them again", old);
    return TRUE;
}

/* disk becomes an overlay; what is under it gets a name beside it, so that it stays as long as disk
 * does, whatever becomes of the base system.  Where there are no hard links it is copied. */
static gboolean put_under(const char *from, const char *disk, GCancellable *cancel, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(disk);
    g_autofree char *under = g_build_filename(folder, "base." VM_DISK_FORMAT, NULL);
    g_autoptr(GFile) source = g_file_new_for_path(from);
    g_autoptr(GFile) target = g_file_new_for_path(under);
    return (link(from, under) == 0 ||
            g_file_copy(source, target, G_FILE_COPY_NONE, cancel, NULL, NULL, error)) &&
           vm_disk_create(disk, 0, under, cancel, error);
}

static gboolean packages_disk(build *b, const char *disk, GPtrArray *phases, GError **error)
{
    g_autofree char *key = base_system_key(b);
    g_autoptr(kept) k = kept_hold(b->plan->cache_dir, &kept_base_disk, key, b->cancel, error);
    if (!k)
        return FALSE;
    if (!base_system_load(b, k)) {
        GPtrArray *made = kept_make(k, base_system_make, b, error);
        if (!made)
            return FALSE;
        g_ptr_array_extend_and_steal(phases, made);
    }
    return put_under(kept_file(k), disk, b->cancel, error);
}

gboolean base_system_disk(build *b, const char *disk, GPtrArray *phases, GError **error)
{
    if (!b->media->packages)
        return vm_disk_create(disk, b->plan->disk_size, NULL, b->cancel, error);
    return packages_disk(b, disk, phases, error);
}
