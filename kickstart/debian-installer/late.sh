# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# preseed/late_command: what no question of the installer covers.
set -e
. /ingot/values.sh
die() {
	logger -t ingot "error: $*"
	exit 1
}
. /ingot/target.sh

authorize root /root "$ssh_keys_root"
[ ! "$user_name" ] || authorize "$user_name" "/home/$user_name" "$ssh_keys_user"
grub_defaults
# The drive that held the installer's medium; the new machine does not have it.
sed -i '/\/media\/cdrom/d' /target/etc/fstab
rm -rf /target/media/cdrom*
[ ! "$users_script" ] || chroot /target sh -ec "$users_script"
[ ! "$late_command" ] || chroot /target sh -ec "$late_command"
