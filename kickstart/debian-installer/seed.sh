# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC1091,SC2154
# Sourced by the early_command of a preseed that came by its URL ($url): fetches what is
# otherwise on the initrd.
for file in {{helpers}}; do
	mkdir -p "/${file%/*}"
	if ! wget -q -O "/$file" "${url%/*}/$file"; then
		logger -t ingot "error: cannot fetch $file of the answer file"
		exit 1
	fi
done
seeded=true
. /usr/lib/debian-installer-startup.d/S00ingot
