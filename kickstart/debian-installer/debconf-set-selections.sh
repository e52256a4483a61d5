#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Like debian-installer's own, but without a dozen processes for each line.
set -ef
export DEBIAN_FRONTEND=none
. /usr/share/debconf/confmodule

unseen=
if [ "$1" = --unseen ]; then
	unseen=1
	shift
fi
cr=$(printf '\r')
join=
# debconf speaks on standard input, so the file is read on another descriptor.
while read -r line <&9 || [ "$line" ]; do
	line=${line%"$cr"}
	if [ ! "$join" ]; then
		case $line in '#'* | '') continue ;; esac
	fi
	line=$join$line
	join=
	case $line in *\\) join="${line%\\} "; continue ;; esac
	echo "$line" >>/var/lib/preseed/log
	read -r owner name type value <<X
$line
X
	if [ ! "$type" ]; then
		logger -t preseed "Error parsing preconfiguration file: $line"
		exit 1
	fi
	if [ "$type" = seen ]; then
		db_fset "$name" seen "$value" || true
		continue
	fi
	if ! db_set "$name" "$value"; then
		db_register debian-installer/dummy "$name"
		db_set "$name" "$value"
		db_subst "$name" ID "$name"
	fi
	[ "$unseen" ] || db_fset "$name" seen true
done 9<"$1"
