/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* A disk with a root file system: what its writer makes, and what can be said of it before. */

#define LAYOUT_UUID_BYTES 37 /* as text, with the NUL: RFC 9562, section 4 */

struct rootfs_layout {
    guint64 size; /* of the disk in bytes */
    /* GPT with an EFI system partition and the root file system as partition 2; else MBR with the
     * root file system as its one partition, bootable. */
    gboolean efi;
    /* Of the root file system; an MBR's signature begins like it.  "": any. */
    char uuid[LAYOUT_UUID_BYTES];
};

struct layout_partition {
    const char *filesystem; /* "ext4"; NULL ends a list */
    const char *mount_point;
    const char *gpt_type; /* NULL: the table is an MBR */
    guint mbr_type;
};

/* In the order of their numbers, from 1. */
const struct layout_partition *layout_partitions(const struct rootfs_layout *layout);
