/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/unpack.h"

/* Owned by the caller; its strings belong to boot. */
static struct rootfs_package *unpack_packages(const media_boot *boot)
{
    struct rootfs_package *packages = g_new0(struct rootfs_package, boot->packages->len);
    for (guint i = 0; i < boot->packages->len; i++) {
        const media_package *from = g_ptr_array_index(boot->packages, i);
        packages[i] = (struct rootfs_package){from->name, from->path, from->order, from->automatic};
    }
    return packages;
}

gboolean build_unpack(const plan *p, const media_boot *boot, const char *disk, progress *reporter,
                      GCancellable *cancel, GError **error)
{
    g_autofree struct rootfs_package *packages = unpack_packages(boot);
    g_autofree char *folder = g_path_get_dirname(disk);
    const struct rootfs_spec spec = {
        .image = disk,
        .format = VM_DISK_FORMAT,
        .size = p->disk_size,
        .efi = p->answers.sources->efi,
        .content = {p->installer->packaging->database, packages, boot->packages->len, folder}};
    return rootfs_make(&spec, reporter, cancel, error);
}

gboolean unpack_archive(const plan *p, const media_boot *boot, int fd, progress *reporter,
                        GCancellable *cancel, GError **error)
{
    g_autofree struct rootfs_package *packages = unpack_packages(boot);
    const struct rootfs_content content = {p->installer->packaging->database, packages,
                                           boot->packages->len, p->cache_dir};
    return rootfs_unpack(&content, fd, reporter, cancel, error);
}
