/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* The files that contain UUIDs of file systems.  An initramfs that has one is not rebuilt: those
 * of Debian and, with hostonly=no, of dracut take the root from the kernel's arguments. */
static const char files[] =
    "/{etc/{fstab,crypttab,default/{grub,grub.d/*},kernel/cmdline,initramfs-tools/conf.d/*},"
    "boot/{grub,grub2}/{grub.cfg,grubenv,device.map},boot/loader/entries/*.conf,"
    "boot/{extlinux,syslinux}/*.conf,boot/efi/EFI/*/grub.cfg,boot/extlinux.conf}";

static const char *const types[] = {"ext2", "ext3", "ext4", "xfs", "btrfs", NULL};

static gboolean rewrite(guest *g, const char *path, const GPtrArray *changes, GError **error)
{
    g_autofree char *text = NULL;
    if (!guest_read(g, path, &text, error) || !text)
        return text == NULL && (!error || !*error);
    g_autoptr(GString) edited = g_string_new(text);
    guint n = 0;
    for (guint i = 0; i < changes->len; i++) {
        const struct guest_renewal *c = g_ptr_array_index(changes, i);
        n += g_string_replace(edited, c->from, c->to, 0);
    }
    return n == 0 || guest_write_file(g, path, edited->str, error);
}

static gboolean fs_uuids_operation(guest *g, GError **error)
{
    g_autoptr(GPtrArray) changes = guest_renew_uuids(g, types, error);
    if (!changes)
        return FALSE;
    g_auto(GStrv) paths = guest_glob(g, files, error);
    gboolean good = paths != NULL;
    for (char **path = paths; good && *path; path++)
        good = rewrite(g, *path, changes, error);
    return good;
}

const sysprep_operation operation_fs_uuids = {
    .name = "fs-uuids",
    .heading = "Give file systems new UUIDs, also in fstab and the boot loader's files",
    .off = TRUE,
    .run = fs_uuids_operation,
};
