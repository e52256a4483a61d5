/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/unpack.h"

#include "base/digest.h"

#include <string.h>

/* RFC 9562, section 5.8: version 8, all other bits of which may come from anywhere. */
void unpack_root_uuid(const media_boot *boot, char uuid[LAYOUT_UUID_BYTES])
{
    char hex[DIGEST_HEX_LEN + 1];
    g_autoptr(digest) d = digest_new();
    digest_field(d, "version", "root-uuid-1");
    for (guint i = 0; i < boot->inputs->len; i++) {
        const struct media_input *input = g_ptr_array_index(boot->inputs, i);
        if (strcmp(input->name, "packages") == 0)
            digest_field(d, input->name, input->sha256);
    }
    digest_finish(d, hex);
    g_snprintf(uuid, LAYOUT_UUID_BYTES, "%.8s-%.4s-8%.3s-%c%.3s-%.12s", hex, hex + 8, hex + 12,
               "89ab"[hex[15] & 3], hex + 16, hex + 19);
}

struct rootfs_layout unpack_layout(const plan *p, const media_boot *boot)
{
    struct rootfs_layout layout = {.size = p->disk_size, .efi = p->answers.sources->efi};
    unpack_root_uuid(boot, layout.uuid);
    return layout;
}

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
        .layout = unpack_layout(p, boot),
        .content = {p->installer->packaging->database, packages, boot->packages->len, folder}};
    return rootfs_make(&spec, reporter, cancel, error);
}

gboolean unpack_archive(const plan *p, const media_boot *boot, const char *work_dir, int fd,
                        progress *reporter, GCancellable *cancel, GError **error)
{
    g_autofree struct rootfs_package *packages = unpack_packages(boot);
    const struct rootfs_content content = {p->installer->packaging->database, packages,
                                           boot->packages->len, work_dir};
    return rootfs_unpack(&content, fd, reporter, cancel, error);
}
