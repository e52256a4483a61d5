/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* The disk that is made from a tree: what its writer makes, and what can be said of it before. */

#define LAYOUT_UUID_BYTES 37 /* as text, with the NUL: RFC 9562, section 4 */

struct rootfs_layout {
    guint64 size;                 /* of the disk in bytes */
    gboolean efi;                 /* as in struct rootfs_spec */
    char uuid[LAYOUT_UUID_BYTES]; /* of the root file system */
};

struct layout_partition {
    const char *filesystem; /* "ext4"; NULL ends a list */
    const char *mount_point;
    const char *gpt_type; /* NULL: the table is an MBR */
    guint mbr_type;
};

/* In the order of their numbers, from 1. */
const struct layout_partition *layout_partitions(const struct rootfs_layout *layout);
