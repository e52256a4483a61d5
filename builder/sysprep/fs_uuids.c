/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

#include <string.h>

/* The files that contain UUIDs of file systems.  An initramfs that has one is not rebuilt: those
 * of Debian and, with hostonly=no, of dracut take the root from the kernel's arguments. */
static const char files[] =
    "/{etc/{fstab,crypttab,default/{grub,grub.d/*},kernel/cmdline,initramfs-tools/conf.d/*},"
    "boot/{grub,grub2}/{grub.cfg,grubenv,device.map},boot/loader/entries/*.conf,"
    "boot/{extlinux,syslinux}/*.conf,boot/efi/EFI/*/grub.cfg,boot/extlinux.conf}";

static const char *const types[] = {"ext2", "ext3", "ext4", "xfs", "btrfs", NULL};

struct change {
    char *from, *to;
};

static void fs_uuids_change_free(gpointer data)
{
    struct change *c = data;
    g_free(c->from);
    g_free(c->to);
    g_free(c);
}

/* tune2fs(8) wants to see a file system that has just been checked. */
static gboolean change_one(guest *g, const char *device, const char *type, GPtrArray *changes,
                           GError **error)
{
    struct change *c = g_new0(struct change, 1);
    g_ptr_array_add(changes, c);
    c->from = guestfs_vfs_uuid(g->h, device);
    if (!c->from || !*c->from)
        return guest_fail(g, error, "find the UUID of %s", device);
    if (g_str_has_prefix(type, "ext") &&
        guestfs_e2fsck(g->h, device, GUESTFS_E2FSCK_FORCEALL, 1, -1) != 0)
        return guest_fail(g, error, "check the file system on %s", device);
    if (guestfs_set_uuid_random(g->h, device) != 0)
        return guest_fail(g, error, "give %s a new UUID", device);
    c->to = guestfs_vfs_uuid(g->h, device);
    if (!c->to)
        return guest_fail(g, error, "find the new UUID of %s", device);
    guest_changed(g, "write", device);
    return TRUE;
}

static gboolean change_all(guest *g, GPtrArray *changes, GError **error)
{
    if (guestfs_umount_all(g->h) != 0)
        return guest_fail(g, error, "unmount the file systems");
    for (char **pair = g->filesystems; pair[0] && pair[1]; pair += 2)
        if (g_strv_contains(types, pair[1]) && !change_one(g, pair[0], pair[1], changes, error))
            return FALSE;
    return guest_mount_all(g, error);
}

static gboolean rewrite(guest *g, const char *path, const GPtrArray *changes, GError **error)
{
    g_autofree char *text = NULL;
    if (!guest_read(g, path, &text, error) || !text)
        return text == NULL && (!error || !*error);
    g_autoptr(GString) edited = g_string_new(text);
    guint n = 0;
    for (guint i = 0; i < changes->len; i++) {
        const struct change *c = g_ptr_array_index(changes, i);
        n += g_string_replace(edited, c->from, c->to, 0);
    }
    return n == 0 || guest_write_file(g, path, edited->str, error);
}

static gboolean fs_uuids_operation(guest *g, GError **error)
{
    g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func(fs_uuids_change_free);
    if (!change_all(g, changes, error))
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
