#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Onto a partition, as in grml-debootstrap(8): its --vmfile needs a device mapper in the kernel.
set -e
truncate --size @SIZE@ debian.img
printf 'label: dos\nstart=2048, type=83, bootable\n' | sfdisk --quiet debian.img
disk=$(losetup --find --show --partscan debian.img)
trap 'losetup --detach "$disk"' EXIT
partx --update "$disk"
udevadm settle
grml-debootstrap --force --release @SUITE@ --mirror @MIRROR@ --target "${disk}p1" --grub "$disk" \
    --filesystem ext4 --hostname @HOSTNAME@ --password @PASSWORD@ --nokernel --defaultinterfaces \
    --packages packages --keep_src_list --bootappend "console=tty0 console=ttyS0,115200n8 net.ifnames=0"
partx --delete "$disk"
