# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC1091,SC2154
# Sourced by the early_command of a preseed that was fetched from its URL ($url): fetches what
# is otherwise in the initrd.
fetch() {
	if ! wget -q -O "/$1" "${url%/*}/$1"; then
		logger -t ingot "error: cannot fetch $1 of the answer file"
		exit 1
	fi
}
umask 077
fetch preseed.cfg # debootstrap.sh reads it
umask 022
for file in {{helpers}}; do
	mkdir -p "/${file%/*}"
	fetch "$file"
done
seeded=true
. /usr/lib/debian-installer-startup.d/S00ingot
