/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/appliance.h"

#include "image/backend.h"

#include <string.h>

gboolean appliance_sizes(guest *g, guint64 *disk, guint64 *used, GError **error)
{
    gint64 size = guestfs_blockdev_getsize64(g->appliance->h, GUEST_DISK);
    struct guestfs_statvfs *usage = size < 0 ? NULL : guestfs_statvfs(g->appliance->h, "/");
    if (!usage)
        return appliance_reason(g, error);
    *disk = (guint64)size;
    *used = (guint64)(usage->blocks - usage->bfree) * (guint64)usage->frsize;
    guestfs_free_statvfs(usage);
    return TRUE;
}

/* ---- partitions ---- */

char *appliance_table(guest *g)
{
    return guestfs_part_get_parttype(g->appliance->h, GUEST_DISK);
}

static struct guest_partition *partition_of(guest *g, const char *device)
{
    guestfs_h *h = g->appliance->h;
    g_autofree char *disk = guestfs_part_to_dev(h, device);
    g_autofree char *table = disk ? guestfs_part_get_parttype(h, disk) : NULL;
    struct guest_partition *partition = g_new0(struct guest_partition, 1);
    partition->device = g_strdup(device);
    partition->number = guestfs_part_to_partnum(h, device);
    gboolean gpt = g_strcmp0(table, "gpt") == 0, known = table && partition->number >= 0;
    partition->gpt_type =
        known && gpt ? guestfs_part_get_gpt_type(h, disk, partition->number) : NULL;
    partition->mbr_type = known && !gpt ? guestfs_part_get_mbr_id(h, disk, partition->number) : -1;
    return partition;
}

GPtrArray *appliance_partitions(guest *g, GError **error)
{
    g_auto(GStrv) devices = guestfs_list_partitions(g->appliance->h);
    if (!devices) {
        appliance_reason(g, error);
        return NULL;
    }
    GPtrArray *partitions = guest_partitions_new();
    for (char **device = devices; *device; device++)
        g_ptr_array_add(partitions, partition_of(g, *device));
    return partitions;
}

/* ---- file systems ---- */

char *appliance_filesystem_type(guest *g, const char *device)
{
    return guestfs_vfs_type(g->appliance->h, device);
}

char *appliance_filesystem_uuid(guest *g, const char *device)
{
    return guestfs_vfs_uuid(g->appliance->h, device);
}

/* tune2fs(8) wants to see a file system that has just been checked. */
static gboolean renew_one(guest *g, const char *device, const char *type, GPtrArray *renewed,
                          GError **error)
{
    guestfs_h *h = g->appliance->h;
    struct guest_renewal *one = g_new0(struct guest_renewal, 1);
    g_ptr_array_add(renewed, one);
    one->from = guestfs_vfs_uuid(h, device);
    if (!one->from || !*one->from)
        return appliance_fail(g, error, "find the UUID of %s", device);
    if (g_str_has_prefix(type, "ext") &&
        guestfs_e2fsck(h, device, GUESTFS_E2FSCK_FORCEALL, 1, -1) != 0)
        return appliance_fail(g, error, "check the file system on %s", device);
    if (guestfs_set_uuid_random(h, device) != 0)
        return appliance_fail(g, error, "give %s a new UUID", device);
    one->to = guestfs_vfs_uuid(h, device);
    if (!one->to)
        return appliance_fail(g, error, "find the new UUID of %s", device);
    guest_changed(g, "write", device);
    return TRUE;
}

gboolean appliance_renew_uuids(guest *g, const char *const *types, GPtrArray *renewed,
                               GError **error)
{
    if (guestfs_umount_all(g->appliance->h) != 0)
        return appliance_fail(g, error, "unmount the file systems");
    for (char **pair = g->filesystems; pair[0] && pair[1]; pair += 2)
        if (g_strv_contains(types, pair[1]) && !renew_one(g, pair[0], pair[1], renewed, error))
            return FALSE;
    return appliance_mount_all(g, error);
}

/* Volume groups are found by their names, so nothing else has to be changed. */
static gboolean renew_groups(guest *g, GError **error)
{
    guestfs_h *h = g->appliance->h;
    if (guestfs_umount_all(h) != 0 || guestfs_vg_activate_all(h, 0) != 0)
        return appliance_fail(g, error, "deactivate the volume groups");
    if (guestfs_pvchange_uuid_all(h) != 0 || guestfs_vgchange_uuid_all(h) != 0)
        return appliance_fail(g, error, "change the UUIDs of LVM");
    if (guestfs_vg_activate_all(h, 1) != 0)
        return appliance_fail(g, error, "activate the volume groups again");
    return appliance_mount_all(g, error);
}

gboolean appliance_renew_lvm(guest *g, GError **error)
{
    const char *feature[] = {"lvm2", NULL};
    if (guestfs_feature_available(g->appliance->h, (char *const *)feature) <= 0)
        return TRUE;
    g_auto(GStrv) groups = guestfs_vgs(g->appliance->h);
    if (!groups)
        return appliance_fail(g, error, "list the volume groups");
    if (*groups && !renew_groups(g, error))
        return FALSE;
    for (char **group = groups; *group; group++)
        guest_changed(g, "write", *group);
    return TRUE;
}

gboolean appliance_trim(guest *g, GError **error)
{
    for (char **pair = g->mountpoints; pair[0] && pair[1]; pair += 2) {
        g_autofree char *type = guestfs_vfs_type(g->appliance->h, pair[1]);
        if (g_strcmp0(type, "vfat") == 0) /* an ESP: some hundred KiB, and fstrim costs more */
            continue;
        if (guestfs_fstrim(g->appliance->h, pair[0], -1) != 0)
            return appliance_fail(g, error, "trim the file system %s", pair[0]);
    }
    return TRUE;
}
