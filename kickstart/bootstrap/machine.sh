# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# The new system in /target, for both runs of the machine. Sourced by init.sh, which has die().
. /ingot/base.sh
. /ingot/target.sh

phase() {
	echo "ingot: phase: $*"
}

in_target() {
	chroot /target /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true DPKG_FORCE=unsafe-io \
		"$@"
}

# The root file system is on the last partition (rootfs/rootfs.c).
root_device() {
	for part in "$disk"?*; do
		[ -b "$part" ] && echo "$part"
	done | tail -n 1
}

# After a crash here we start again, so nothing needs to be ordered or flushed.
mount_target() {
	root=$(root_device)
	mount -t ext4 -o noatime,barrier=0,noauto_da_alloc,commit=600 "$root" /target ||
		die "the new root file system cannot be mounted"
	mount -t proc proc /target/proc
	mount -t sysfs sys /target/sys
	mount -t devtmpfs dev /target/dev
	mkdir -p /target/dev/pts /target/dev/shm
	mount -t devpts devpts /target/dev/pts
	mount -t tmpfs tmpfs /target/run
	mount -t tmpfs tmpfs /target/tmp
	[ ! "$efi" ] || mount_efi
	# No maintainer script starts a service here.
	printf '#!/bin/sh\nexit 101\n' >/target/usr/sbin/policy-rc.d
	chmod 755 /target/usr/sbin/policy-rc.d
}

mount_efi() {
	mkdir -p /target/boot/efi
	mount -t vfat "${disk}1" /target/boot/efi || die "the EFI system partition cannot be mounted"
}

uuid_of() {
	in_target blkid -c /dev/null -o value -s UUID "$1"
}

# grub-mkconfig names a file system by its UUID if udev has made this link.
link_uuids() {
	mkdir -p /target/dev/disk/by-uuid
	for part in "$disk"?*; do
		ln -s "../../${part##*/}" "/target/dev/disk/by-uuid/$(uuid_of "$part")"
	done
}

unmount_target() {
	kill -9 -1 # processes that a script left running would keep the file system busy
	rm -f /target/usr/sbin/policy-rc.d
	[ ! "$(in_target dpkg --audit)" ] || die "a package is not installed as it should be"
	sync
	for point in boot/efi dev/pts dev sys proc run tmp .; do
		umount "/target/$point" 2>/dev/null
	done
	grep -q ' /target' /proc/mounts && die "the new root file system is still in use"
}
