/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/layout.h"

#include "base/gpt.h"

#define MBR_LINUX 0x83 /* as sfdisk(8) lists it */

const struct layout_partition *layout_partitions(const struct rootfs_layout *layout)
{
    static const struct layout_partition mbr[] = {
        {.filesystem = "ext4", .mount_point = "/", .mbr_type = MBR_LINUX}, {.filesystem = NULL}};
    static const struct layout_partition gpt[] = {
        {.filesystem = "vfat", .mount_point = "/boot/efi", .gpt_type = GPT_ESP},
        {.filesystem = "ext4", .mount_point = "/", .gpt_type = GPT_LINUX_DATA},
        {.filesystem = NULL}};
    return layout->efi ? gpt : mbr;
}
