#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# Run by finish-install, after its last step that installs packages: does what debootstrap.sh
# has deferred, once; otherwise the initramfs would be made four times.
. /ingot/values.sh

die() {
	logger -t ingot "error: $*"
	exit 1
}
. /ingot/target.sh

certificates() {
	restore /usr/sbin/update-ca-certificates
	[ -x /target/usr/sbin/update-ca-certificates ] || return 0
	log-output -t ingot chroot /target update-ca-certificates || die "update-ca-certificates failed"
}

logger -t ingot "phase: certificates"
restore /usr/bin/apt-get
certificates
logger -t ingot "phase: initramfs"
restore /usr/sbin/update-initramfs
log-output -t ingot chroot /target update-initramfs -c -k all || die "update-initramfs failed"
logger -t ingot "phase: boot menu"
restore /usr/sbin/update-grub
log-output -t ingot chroot /target update-grub || die "update-grub failed"
final_sources
cpu_hotplug
rm -f /target/etc/dpkg/dpkg.cfg.d/force-unsafe-io /target/etc/apt/apt.conf.d/00ingot
rm -rf /target/var/lib/ingot
logger -t ingot "phase: finish"
