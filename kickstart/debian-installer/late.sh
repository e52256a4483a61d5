# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# preseed/late_command: what no question of the installer covers.
set -e
. /ingot/values.sh

authorize() {
	[ "$3" ] || return 0
	mkdir -p "/target$2/.ssh"
	printf '%s\n' "$3" >"/target$2/.ssh/authorized_keys"
	chmod 700 "/target$2/.ssh"
	chmod 600 "/target$2/.ssh/authorized_keys"
	chroot /target chown -R "$1:" "$2/.ssh"
}

grub_defaults() {
	arguments=$kernel_args
	if [ "$serial_console" ]; then
		arguments="$arguments console=tty0 console=ttyS0,115200"
	fi
	escaped=$(printf '%s' "${arguments# }" | sed 's/[\\&|"]/\\&/g')
	sed -i -e "s|^GRUB_CMDLINE_LINUX=.*|GRUB_CMDLINE_LINUX=\"$escaped\"|" \
		-e 's|^GRUB_CMDLINE_LINUX_DEFAULT=.*|GRUB_CMDLINE_LINUX_DEFAULT=""|' \
		/target/etc/default/grub
	[ "$serial_console" ] || return 0
	cat >>/target/etc/default/grub <<X

# Both consoles, the serial one with the kernel's settings
GRUB_TERMINAL="console serial"
GRUB_SERIAL_COMMAND="serial --unit=0 --speed=115200"
X
}

authorize root /root "$ssh_keys_root"
[ ! "$user_name" ] || authorize "$user_name" "/home/$user_name" "$ssh_keys_user"
grub_defaults
[ ! "$users_script" ] || chroot /target sh -ec "$users_script"
[ ! "$late_command" ] || chroot /target sh -ec "$late_command"
