#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# Run by finish-install, after its last step that installs packages: the initramfs and
# the boot loader's menu were put off until now (debootstrap.sh), or the first would have
# been made four times.
. /ingot/values.sh

die() {
	logger -t ingot "error: $*"
	exit 1
}

restore() {
	[ -e "/target$1.ingot" ] || return 0
	rm -f "/target$1"
	chroot /target dpkg-divert --quiet --remove --rename "$1" || die "cannot restore $1"
}

final_sources() {
	[ "$final_mirror" ] || return 0
	{
		echo "deb $final_mirror $suite main"
		[ ! "$security_mirror" ] || echo "deb $security_mirror $suite-security main"
	} >/target/etc/apt/sources.list
}

logger -t ingot "phase: initramfs"
restore /usr/sbin/update-initramfs
log-output -t ingot chroot /target update-initramfs -c -k all || die "update-initramfs failed"
logger -t ingot "phase: boot menu"
restore /usr/sbin/update-grub
log-output -t ingot chroot /target update-grub || die "update-grub failed"
final_sources
rm -f /target/etc/dpkg/dpkg.cfg.d/force-unsafe-io /target/etc/apt/apt.conf.d/00ingot
logger -t ingot "phase: finish"
