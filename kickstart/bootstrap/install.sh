# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# The packages lie on the disk as dpkg --unpack leaves them (builder/rootfs); here they are
# configured, and the system gets what the recipe says of it. Sourced by init.sh, which has die().
. /ingot/values.sh
. /ingot/target.sh

phase() {
	echo "ingot: phase: $*"
}

in_target() {
	chroot /target /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true DPKG_FORCE=unsafe-io \
		"$@"
}

# ---- the disk ----

# The root file system is on the last partition (rootfs/rootfs.c).
root_device() {
	for part in "$disk"?*; do
		[ -b "$part" ] && echo "$part"
	done | tail -n 1
}

# A crash here means starting again, so nothing has to be ordered or flushed.
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
}

mount_efi() {
	mkdir -p /target/boot/efi
	mount -t vfat "${disk}1" /target/boot/efi || die "the EFI system partition cannot be mounted"
}

uuid_of() {
	in_target blkid -c /dev/null -o value -s UUID "$1"
}

# grub-mkconfig names a file system by its UUID when udev has made this link.
link_uuids() {
	mkdir -p /target/dev/disk/by-uuid
	for part in "$disk"?*; do
		ln -s "../../${part##*/}" "/target/dev/disk/by-uuid/$(uuid_of "$part")"
	done
}

write_fstab() {
	{
		echo "# /etc/fstab: static file system information."
		echo "#"
		echo "# Use 'blkid' to print the universally unique identifier for a device; see fstab(5)."
		echo "#"
		echo "# <file system> <mount point>   <type>  <options>       <dump>  <pass>"
		echo "UUID=$(uuid_of "$root") /               ext4    errors=remount-ro 0       1"
		[ ! "$efi" ] || echo "UUID=$(uuid_of "${disk}1") /boot/efi       vfat    umask=0077      0       1"
	} >/target/etc/fstab
}

# ---- the packages ----

# What dpkg runs before it unpacks a package, in the order in which it would.
run_preinsts() {
	while read -r package arch stem; do
		[ -e "/target/var/lib/dpkg/info/$stem.preinst" ] || continue
		in_target DPKG_MAINTSCRIPT_NAME=preinst DPKG_MAINTSCRIPT_PACKAGE="$package" \
			DPKG_MAINTSCRIPT_ARCH="$arch" DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1 \
			DPKG_ROOT= DPKG_ADMINDIR=/var/lib/dpkg \
			"/var/lib/dpkg/info/$stem.preinst" install ||
			die "the script that $package runs before it is unpacked failed"
	done </target/var/lib/ingot/order
}

# Answers that debian-installer gives in the same way.
answer_questions() {
	cat >/target/etc/kernel-img.conf <<X
# Kernel image management overrides
# See kernel-img.conf(5) for details
do_symlinks = yes
do_bootloader = no
do_initrd = yes
link_in_boot = no
X
	mkdir -p /target/etc/initramfs-tools/conf.d
	echo "RESUME=none" >/target/etc/initramfs-tools/conf.d/resume
}

# For when debconf is there; grub-install is run below, on the disk.
answer_debconf() {
	in_target debconf-set-selections <<X
grub-pc grub-pc/install_devices multiselect
grub-pc grub-pc/install_devices_empty boolean true
$grub_package grub2/linux_cmdline string
$grub_package grub2/linux_cmdline_default string
tzdata tzdata/Areas select ${timezone%%/*}
tzdata tzdata/Zones/${timezone%%/*} select ${timezone#*/}
keyboard-configuration keyboard-configuration/xkb-keymap select $keyboard
keyboard-configuration keyboard-configuration/layoutcode string $keyboard
popularity-contest popularity-contest/participate boolean false
X
}

# The order in which debootstrap brings up a system that cannot run maintainer scripts yet.
configure() {
	in_target ldconfig
	ln -s mawk /target/usr/bin/awk
	ln -sf "/usr/share/zoneinfo/$timezone" /target/etc/localtime
	printf '#!/bin/sh\nexit 101\n' >/target/usr/sbin/policy-rc.d
	chmod 755 /target/usr/sbin/policy-rc.d
	put_off /usr/sbin/update-initramfs
	put_off /usr/sbin/update-grub
	put_off /usr/sbin/update-ca-certificates
	answer_questions
	run_preinsts
	link_uuids
	write_fstab
	for package in base-passwd base-files dpkg libc6 perl-base mawk debconf; do
		[ "$package" != mawk ] || rm -f /target/usr/bin/awk
		in_target dpkg --force-depends --configure "$package" ||
			die "$package cannot be configured"
	done
	answer_debconf
	initramfs_is_plain && initramfs &
	early=$!
	in_target dpkg --configure -a || die "a package cannot be configured"
	rm -f /target/usr/sbin/policy-rc.d
}

# ---- what the recipe says ----

network() {
	echo "$hostname" >/target/etc/hostname
	cat >/target/etc/hosts <<X
127.0.0.1	localhost
127.0.1.1	${domain:+$hostname.$domain	}$hostname

# The following lines are desirable for IPv6 capable hosts
::1     localhost ip6-localhost ip6-loopback
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
X
	if [ -x /target/usr/sbin/netplan ]; then
		netplan
	else
		interfaces
	fi
}

netplan() {
	cat >/target/etc/netplan/01-ingot.yaml <<X
network:
  version: 2
  ethernets:
    eth0:
      dhcp4: true
X
	chmod 600 /target/etc/netplan/01-ingot.yaml
}

interfaces() {
	mkdir -p /target/etc/network
	cat >/target/etc/network/interfaces <<X
# This file describes the network interfaces available on your system
# and how to activate them. For more information, see interfaces(5).

source /etc/network/interfaces.d/*

# The loopback network interface
auto lo
iface lo inet loopback

# The primary network interface
allow-hotplug eth0
iface eth0 inet dhcp
X
}

users() {
	if [ "$root_password_hash" ]; then
		in_target usermod --password "$root_password_hash" root
	else
		in_target usermod --password '!' root
	fi || die "root's password cannot be set"
	authorize root /root "$ssh_keys_root"
	[ ! "$users_script" ] || in_target sh -ec "$users_script" || die "a user cannot be made"
}

locale() {
	[ "$locale" != C ] || return 0
	grep -q "^$locale " /target/usr/share/i18n/SUPPORTED ||
		die "the locale $locale is not one that this release knows"
	grep "^$locale " /target/usr/share/i18n/SUPPORTED >>/target/etc/locale.gen
	in_target locale-gen --keep-existing && in_target update-locale "LANG=$locale"
}

certificates() {
	restore /usr/sbin/update-ca-certificates
	[ ! -x /target/usr/sbin/update-ca-certificates ] || in_target update-ca-certificates ||
		die "update-ca-certificates failed"
}

boot_loader() {
	restore /usr/sbin/update-grub
	grub_defaults
	if [ "$efi" ]; then
		in_target grub-install --target="$grub_target" --removable --no-nvram
	else
		in_target grub-install --target="$grub_target" "$disk"
	fi || die "the boot loader cannot be installed"
}

# The initramfs is a quarter of all work, and the machine has two processors. It is made while the
# packages are configured when that cannot change it: when each hook is of a package whose files
# alone matter, and not what its maintainer scripts make.
initramfs_is_plain() {
	for hook in /target/usr/share/initramfs-tools/hooks/* /target/etc/initramfs-tools/hooks/*; do
		case ${hook##*/} in
		dmsetup | fsck | keymap | klibc-utils | kmod | resume | thermal | udev | zz-busybox | '*') ;;
		*) return 1 ;;
		esac
	done
}

initramfs() {
	for kernel in /target/lib/modules/*; do
		version=${kernel##*/}
		in_target depmod -a "$version" &&
			in_target /usr/sbin/update-initramfs.ingot -c -k "$version" || return 1
	done
	: >/run/initramfs
}

# What takes long and does not wait for the other.
side_by_side() {
	phase initramfs
	wait "$early"
	[ -e /run/initramfs ] || initramfs &
	late=$!
	locale &
	locales=$!
	certificates
	boot_loader
	wait "$locales" || die "the locale $locale cannot be made"
	wait "$late"
	[ -e /run/initramfs ] || die "the initramfs cannot be made"
	restore /usr/sbin/update-initramfs
	in_target update-grub || die "update-grub failed"
}

finish() {
	: >/target/etc/apt/sources.list
	final_sources
	[ ! "$late_command" ] || in_target sh -ec "$late_command" || die "the recipe's late_command failed"
	[ ! "$(in_target dpkg --audit)" ] || die "a package is not installed as it should be"
	rm -rf /target/var/lib/ingot
	sync
	for point in boot/efi dev/pts dev sys proc run tmp .; do
		umount "/target/$point" 2>/dev/null
	done
}

mount_target
phase configure
configure
phase settings
network
users
side_by_side
finish
phase end
