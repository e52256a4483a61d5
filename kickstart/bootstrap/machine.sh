# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# The disk of the new system, in a machine. Sourced by init.sh after system.sh.

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
	forbid_services
}

mount_efi() {
	mkdir -p /target/boot/efi
	mount -t vfat "${disk}1" /target/boot/efi || die "the EFI system partition cannot be mounted"
}

uuid_of() {
	in_target blkid -c /dev/null -o value -s UUID "$1"
}

unmount_target() {
	kill -9 -1 # processes that a script left running would keep the file system busy
	permit_services
	sync
	for point in boot/efi dev/pts dev sys proc run tmp .; do
		umount "/target/$point" 2>/dev/null
	done
	grep -q ' /target' /proc/mounts && die "the new root file system is still in use"
}

# ---- the boot loader ----

# grub-mkconfig names a file system by its UUID if udev has made this link.
link_uuids() {
	mkdir -p /target/dev/disk/by-uuid
	for part in "$disk"?*; do
		ln -s "../../${part##*/}" "/target/dev/disk/by-uuid/$(uuid_of "$part")"
	done
}

install_boot_loader() {
	link_uuids
	if [ "$efi" ]; then
		in_target grub-install --target="$grub_target" --removable --no-nvram
	else
		in_target grub-install --target="$grub_target" "$disk"
	fi
}
