/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* Volume groups are found by their names, so nothing else has to be changed. */
static gboolean change(guest *g, GError **error)
{
    if (guestfs_umount_all(g->h) != 0 || guestfs_vg_activate_all(g->h, 0) != 0)
        return guest_fail(g, error, "deactivate the volume groups");
    if (guestfs_pvchange_uuid_all(g->h) != 0 || guestfs_vgchange_uuid_all(g->h) != 0)
        return guest_fail(g, error, "change the UUIDs of LVM");
    if (guestfs_vg_activate_all(g->h, 1) != 0)
        return guest_fail(g, error, "activate the volume groups again");
    return guest_mount_all(g, error);
}

static gboolean lvm_uuids_operation(guest *g, GError **error)
{
    const char *feature[] = {"lvm2", NULL};
    if (guestfs_feature_available(g->h, (char *const *)feature) <= 0)
        return TRUE;
    g_auto(GStrv) groups = guestfs_vgs(g->h);
    if (!groups)
        return guest_fail(g, error, "list the volume groups");
    if (!*groups)
        return TRUE;
    if (!change(g, error))
        return FALSE;
    for (char **group = groups; *group; group++)
        guest_changed(g, "write", *group);
    return TRUE;
}

const sysprep_operation operation_lvm_uuids = {
    .name = "lvm-uuids",
    .heading = "Give physical volumes and volume groups new UUIDs",
    .off = TRUE,
    .run = lvm_uuids_operation,
};
