#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Run by finish-install: the initramfs and the boot loader's menu were put off until now
# (debootstrap.sh), or the first would have been made four times.
set -e

restore() {
	[ -e "/target$1.ingot" ] || return 0
	rm -f "/target$1"
	chroot /target dpkg-divert --quiet --remove --rename "$1"
}

logger -t ingot "phase: initramfs"
restore /usr/sbin/update-initramfs
chroot /target update-initramfs -c -k all 2>&1 | logger -t ingot
logger -t ingot "phase: boot menu"
restore /usr/sbin/update-grub
chroot /target update-grub 2>&1 | logger -t ingot
rm -f /target/etc/dpkg/dpkg.cfg.d/force-unsafe-io /target/etc/apt/apt.conf.d/00ingot
logger -t ingot "phase: finish"
