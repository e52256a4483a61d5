/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

#include <sys/stat.h>

#define SCRIPT "/usr/local/lib/ingot/grow-root"
#define UNIT   "/etc/systemd/system/ingot-grow-root.service"

/* What cloud images do with growpart and cloud-init, with tools that every Debian has.  8 MiB at
 * the end of a disk do not count as space: GPT has its second header there, and partitions are
 * aligned. */
static const char script[] =
    "#!/bin/sh\n"
    "# Makes the root partition and its file system as large as the disk has become.\n"
    "set -eu\n"
    "root=$(findmnt -n -o SOURCE /)\n"
    "name=$(basename \"$(readlink -f \"$root\")\")\n"
    "part=$(readlink -f \"/sys/class/block/$name\")\n"
    "number=$(cat \"$part/partition\")\n"
    "disk=$(basename \"$(dirname \"$part\")\")\n"
    "end=$(($(cat \"$part/start\") + $(cat \"$part/size\")))\n"
    "[ $(($(cat \"/sys/class/block/$disk/size\") - end)) -gt 16384 ] || exit 0\n"
    "if [ \"$(lsblk -d -n -o PTTYPE \"/dev/$disk\")\" = gpt ]; then\n"
    "    sfdisk --relocate gpt-bak-std \"/dev/$disk\"\n"
    "fi\n"
    "echo ', +' | sfdisk --no-reread --no-tell-kernel --force -N \"$number\" \"/dev/$disk\"\n"
    "partx --update --nr \"$number\" \"/dev/$disk\"\n"
    "case $(findmnt -n -o FSTYPE /) in\n"
    "ext*) resize2fs \"$root\" ;;\n"
    "xfs) xfs_growfs / ;;\n"
    "btrfs) btrfs filesystem resize max / ;;\n"
    "esac\n";

static const char unit[] = "# Does nothing when the disk is as large as it was.\n"
                           "[Unit]\n"
                           "Description=Make the root file system as large as the disk\n"
                           "DefaultDependencies=no\n"
                           "After=systemd-remount-fs.service\n"
                           "Before=sysinit.target shutdown.target\n"
                           "Conflicts=shutdown.target\n"
                           "ConditionPathIsReadWrite=/\n"
                           "\n"
                           "[Service]\n"
                           "Type=oneshot\n"
                           "ExecStart=" SCRIPT "\n"
                           "\n"
                           "[Install]\n"
                           "WantedBy=sysinit.target\n";

static gboolean grow_root_operation(guest *g, GError **error)
{
    static const struct guest_file files[] = {
        {SCRIPT, 0755, script},
        {UNIT, 0644, unit},
        {"/etc/systemd/system/sysinit.target.wants/ingot-grow-root.service", S_IFLNK, UNIT},
        {NULL, 0, NULL}};
    gboolean sfdisk;
    if (!guest_any(g, "/{usr/,}sbin/sfdisk", &sfdisk, error))
        return FALSE;
    if (sfdisk && g->facts->systemd)
        return guest_put_files(g, files, error);
    progress_warning(g->p, "the guest has no %s, so its root file system will not grow",
                     sfdisk ? "systemd" : "sfdisk (package fdisk)");
    return TRUE;
}

const sysprep_operation operation_grow_root = {
    .name = "grow-root",
    .heading = "Make the root file system grow if a clone has a larger disk",
    .off = TRUE,
    .run = grow_root_operation,
};
