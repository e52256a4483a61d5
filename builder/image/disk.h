/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "image/handle.h"

/* The guest's disk, partitions and file systems. */

#define GUEST_DISK "/dev/sda" /* the image: the appliance's own disk comes after it */

struct guest_partition {
    char *device;   /* "/dev/sda1" */
    int number;     /* -1: unknown */
    char *gpt_type; /* NULL: unknown, or the table is another */
    int mbr_type;   /* -1: the same */
};

/* Of struct guest_partition *, of every disk that has any; the caller owns the array. */
GPtrArray *guest_partitions(guest *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *guest_partitions_new(void);

/* parted's name of the partition table, "gpt" or "msdos"; NULL: none.  Owned by the caller. */
char *guest_partition_table(guest *g);

/* "ext4", "swap", "LVM2_member"; NULL: nothing known.  Owned by the caller. */
char *guest_filesystem_type(guest *g, const char *device);

/* NULL: none.  Owned by the caller. */
char *guest_filesystem_uuid(guest *g, const char *device);

struct guest_renewal {
    char *from, *to; /* UUIDs */
};

/* Gives every file system of one of these types a new UUID.  The caller owns the array of struct
 * guest_renewal *. */
GPtrArray *guest_renew_uuids(guest *g, const char *const *types,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Gives physical volumes and volume groups new UUIDs, if there are any. */
gboolean guest_renew_lvm(guest *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Gives deleted blocks back to the host. */
gboolean guest_trim(guest *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;
