# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# The new system in $target, whether a machine works on it or a namespace. Sourced by init.sh and
# namespace.sh, which have die() and set $ingot, the directory of these files.
. "$ingot/base.sh"
. "$ingot/target.sh"

phase() {
	echo "ingot: phase: $*"
}

in_target() {
	chroot "$target/" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true DPKG_FORCE=unsafe-io \
		"$@"
}

# No maintainer script starts a service here.
forbid_services() {
	printf '#!/bin/sh\nexit 101\n' >"$target/usr/sbin/policy-rc.d"
	chmod 755 "$target/usr/sbin/policy-rc.d"
}

permit_services() {
	rm -f "$target/usr/sbin/policy-rc.d"
	[ ! "$(in_target dpkg --audit)" ] || die "a package is not installed as it should be"
}

# One run configures the packages; another one, on a copy of the result, which other recipes may
# share, applies the rest of this recipe.
work() {
	if [ -e "$ingot/settings.sh" ]; then
		. "$ingot/settings.sh"
	else
		. "$ingot/packages.sh"
	fi
}
