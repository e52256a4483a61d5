# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# What all installers of this family do to the new system in $target: a directory, or empty where it
# is the root directory. Sourced after values.sh, by scripts that have die().
target=${target-/target}

# Replaces a program by standard input, until restore().
stand_in() {
	printf '%s\n%s\n:\n' "$1" "$1.ingot" >>"$target/var/lib/dpkg/diversions"
	[ ! -e "$target$1" ] || mv "$target$1" "$target$1.ingot"
	cat >"$target$1"
	chmod 755 "$target$1"
}

# A program that many packages call and that should run only once, at the end.
put_off() {
	printf '#!/bin/sh\nexit 0\n' | stand_in "$1"
}

restore() {
	rm -f "$target$1"
	chroot "$target/" /usr/bin/dpkg-divert --quiet --remove --rename "$1" || die "cannot restore $1"
}

authorize() {
	[ "$3" ] || return 0
	mkdir -p "$target$2/.ssh"
	printf '%s\n' "$3" >"$target$2/.ssh/authorized_keys"
	chmod 700 "$target$2/.ssh"
	chmod 600 "$target$2/.ssh/authorized_keys"
	chroot "$target/" /bin/chown -R "$1:" "$2/.ssh"
}

grub_defaults() {
	arguments=$kernel_args
	if [ "$serial_console" ]; then
		arguments="$arguments console=tty0 console=$serial_name,115200"
	fi
	escaped=$(printf '%s' "${arguments# }" | sed 's/[\\&|"]/\\&/g')
	sed -i -e "s|^GRUB_CMDLINE_LINUX=.*|GRUB_CMDLINE_LINUX=\"$escaped\"|" \
		-e 's|^GRUB_CMDLINE_LINUX_DEFAULT=.*|GRUB_CMDLINE_LINUX_DEFAULT=""|' \
		"$target/etc/default/grub"
	[ "$serial_console" ] || return 0
	cat >>"$target/etc/default/grub" <<X

# Both consoles, the serial one with the kernel's settings
GRUB_TERMINAL="console serial"
GRUB_SERIAL_COMMAND="serial --unit=0 --speed=115200"
X
}

# The archives that the finished system keeps. Without one it keeps what the installer used:
# debian-installer decides that; ours leaves none.
final_sources() {
	[ "$final_mirror" ] || return 0
	{
		echo "deb $final_mirror $suite $components"
		[ ! "$security_mirror" ] || echo "deb $security_mirror $suite-security $components"
	} >"$target/etc/apt/sources.list"
}

# Linux leaves a processor that is added to a running machine offline, and Debian has nothing to
# change that (Ubuntu's udev and the Red Hat family ship a rule like this one).
cpu_hotplug() {
	mkdir -p "$target/etc/udev/rules.d"
	cat >"$target/etc/udev/rules.d/40-cpu-hotplug.rules" <<'X'
# A processor that is added to the running machine is used at once.
SUBSYSTEM=="cpu", ACTION=="add", TEST=="online", ATTR{online}=="0", ATTR{online}="1"
X
}
