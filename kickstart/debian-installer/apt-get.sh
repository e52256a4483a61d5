#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2086 # lists of words, by intent
# Replaces apt-get in the new system while the installer runs, which calls it some twenty times,
# for one or two packages each. Every call reads the lists of 65 000 packages. So the first call
# for the kernel's packages installs everything that will be needed, in one run and with apt's
# own solver; a later call that finds everything installed has nothing to do. Any other call goes
# to the real apt-get, and so does every call if the one run fails.
real=/usr/bin/apt-get.ingot
state=/var/lib/ingot

options=
packages=
command=
sources=/etc/apt/sources.list
value=
for word; do
	if [ "$value" ]; then
		value=
		case $word in Dir::Etc::sourcelist=*) sources=${word#*=} ;; esac
		options="$options -o $word"
		continue
	fi
	case $word in
	-o) value=1 ;;
	--) ;;
	-*) options="$options $word" ;;
	install | update) command=$word ;;
	*[!a-z0-9.+-]*) exec "$real" "$@" ;;
	*) packages="$packages $word" ;;
	esac
done

installed() {
	found=$(dpkg-query -W -f '${db:Status-Status}\n' "$@" 2>/dev/null) || return 1
	! printf '%s\n' "$found" | grep -qvx installed
}

# The archives that apt-get would query; those queried before have nothing new.
archives() {
	cat "$sources" /etc/apt/sources.list.d/* 2>/dev/null | sed '/^#/d; /^[[:space:]]*$/d' |
		sort -u | sha256sum
}

all_at_once() {
	wanted=$(cat "$state/packages")
	rm "$state/packages"
	"$real" $options -q -y --no-remove -o APT::Install-Recommends=true install $wanted ||
		logger -t ingot "installing all packages at once failed; the installer goes on one by one" || :
}

case $command in
update)
	now=$(archives)
	if [ "$now" = "$(cat "$state/updated" 2>/dev/null)" ]; then
		exit 0
	fi
	"$real" "$@" || exit
	echo "$now" >"$state/updated"
	exit 0
	;;
install)
	[ "$packages" ] || exec "$real" "$@"
	! grep -Fqx "${packages# }" "$state/refused" 2>/dev/null || exit 1
	installed $packages && exit 0
	# base-installer has written how to install the kernel.
	if [ -s "$state/packages" ] && [ -e /etc/kernel-img.conf ]; then
		all_at_once
		installed $packages && exit 0
	fi
	;;
esac
exec "$real" "$@"
