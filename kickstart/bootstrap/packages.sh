# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# Configures the packages, which are on the disk as dpkg --unpack leaves them (builder/rootfs).
# Nothing here depends on the rest of the recipe. Sourced by system.sh.

write_fstab() {
	{
		echo "# /etc/fstab: static file system information."
		echo "#"
		echo "# Use 'blkid' to print the universally unique identifier for a device; see fstab(5)."
		echo "#"
		echo "# <file system> <mount point>   <type>  <options>       <dump>  <pass>"
		echo "UUID=$(uuid_of "$root") /               ext4    errors=remount-ro 0       1"
		[ ! "$efi" ] || echo "UUID=$(uuid_of "${disk}1") /boot/efi       vfat    umask=0077      0       1"
	} >"$target/etc/fstab"
}

# The scripts that dpkg runs before it unpacks a package, in dpkg's order.
run_preinsts() {
	while read -r package arch stem; do
		[ -e "$target/var/lib/dpkg/info/$stem.preinst" ] || continue
		in_target DPKG_MAINTSCRIPT_NAME=preinst DPKG_MAINTSCRIPT_PACKAGE="$package" \
			DPKG_MAINTSCRIPT_ARCH="$arch" DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1 \
			DPKG_ROOT= DPKG_ADMINDIR=/var/lib/dpkg \
			"/var/lib/dpkg/info/$stem.preinst" install ||
			die "the script that $package runs before it is unpacked failed"
	done <"$target/var/lib/ingot/order"
}

# The same answers as debian-installer gives.
answer_questions() {
	cat >"$target/etc/kernel-img.conf" <<X
# Kernel image management overrides
# See kernel-img.conf(5) for details
do_symlinks = yes
do_bootloader = no
do_initrd = yes
link_in_boot = no
X
	mkdir -p "$target/etc/initramfs-tools/conf.d"
	echo "RESUME=none" >"$target/etc/initramfs-tools/conf.d/resume"
}

# For when debconf is installed; settings.sh runs grub-install, on the disk.
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
	ln -s mawk "$target/usr/bin/awk"
	ln -sf "/usr/share/zoneinfo/$timezone" "$target/etc/localtime"
	put_off /usr/sbin/update-initramfs
	put_off /usr/sbin/update-grub
	put_off /usr/sbin/update-ca-certificates
	answer_questions
	run_preinsts
	write_fstab
	for package in base-passwd base-files dpkg libc6 perl-base mawk debconf; do
		[ "$package" != mawk ] || rm -f "$target/usr/bin/awk"
		in_target dpkg --force-depends --configure "$package" ||
			die "$package cannot be configured"
	done
	answer_debconf
	initramfs_is_plain && initramfs &
	early=$!
	in_target dpkg --configure -a || die "a package cannot be configured"
}

certificates() {
	restore /usr/sbin/update-ca-certificates
	[ ! -x "$target/usr/sbin/update-ca-certificates" ] || in_target update-ca-certificates ||
		die "update-ca-certificates failed"
}

# The initramfs is a quarter of all work, and the machine has two processors. It is made while the
# packages are configured if that cannot change it: if each hook belongs to a package of which only
# the files matter, not what its maintainer scripts make.
initramfs_is_plain() {
	for hook in "$target"/usr/share/initramfs-tools/hooks/* "$target"/etc/initramfs-tools/hooks/*; do
		case ${hook##*/} in
		dmsetup | fsck | keymap | klibc-utils | kmod | resume | thermal | udev | zz-busybox | '*') ;;
		*) return 1 ;;
		esac
	done
}

initramfs() {
	for kernel in "$target"/lib/modules/*; do
		version=${kernel##*/}
		in_target depmod -a "$version" &&
			in_target /usr/sbin/update-initramfs.ingot -c -k "$version" || return 1
	done
	: >/run/initramfs
}

finish() {
	certificates
	wait "$early"
	[ -e /run/initramfs ] || initramfs
	[ -e /run/initramfs ] || die "the initramfs cannot be made"
	restore /usr/sbin/update-initramfs
	restore /usr/sbin/update-grub
	: >"$target/etc/apt/sources.list"
	rm -rf "$target/var/lib/ingot"
}

phase configure
configure
phase finish
finish
