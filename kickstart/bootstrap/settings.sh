# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# Applies the recipe to the system. Sourced by system.sh.
. "$ingot/values.sh"

network() {
	echo "$hostname" >"$target/etc/hostname"
	cat >"$target/etc/hosts" <<X
127.0.0.1	localhost
127.0.1.1	${domain:+$hostname.$domain	}$hostname

# The following lines are desirable for IPv6 capable hosts
::1     localhost ip6-localhost ip6-loopback
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
X
	if [ -x "$target/usr/sbin/netplan" ]; then
		netplan
	else
		interfaces
	fi
}

netplan() {
	cat >"$target/etc/netplan/01-ingot.yaml" <<X
network:
  version: 2
  ethernets:
    eth0:
      dhcp4: true
X
	chmod 600 "$target/etc/netplan/01-ingot.yaml"
}

interfaces() {
	mkdir -p "$target/etc/network"
	cat >"$target/etc/network/interfaces" <<X
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
	grep -q "^$locale " "$target/usr/share/i18n/SUPPORTED" ||
		die "the locale $locale is not one that this release knows"
	grep "^$locale " "$target/usr/share/i18n/SUPPORTED" >>"$target/etc/locale.gen"
	in_target locale-gen --keep-existing && in_target update-locale "LANG=$locale"
}

boot_loader() {
	grub_defaults
	install_boot_loader || die "the boot loader cannot be installed"
	in_target update-grub || die "update-grub failed"
}

# ---- all of it ----

phase settings
network
users
locale &
locales=$!
phase boot loader
boot_loader
wait "$locales" || die "the locale $locale cannot be made"
final_sources
cpu_hotplug
[ ! "$late_command" ] || in_target sh -ec "$late_command" || die "the recipe's late_command failed"
