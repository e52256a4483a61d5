#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The first program of the installing machine: drivers, then the work. It runs twice: first it
# configures the packages; then, on an overlay of the result, which other recipes may share, it
# applies the rest of this recipe.
/bin/busybox mkdir -p /proc /sys /dev /run /target
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
# All output goes to the log channel; the console is left for panics.
log=/dev/$(sed -n 's/.*ingot\.log=\([^ ]*\).*/\1/p' /proc/cmdline)
[ -c "$log" ] || log=/dev/console
stty -F "$log" raw -echo
exec >"$log" 2>&1 </dev/null

die() {
	sync
	echo "ingot: error: $*"
	poweroff -f
}

while read -r module; do
	insmod "/modules/$module" || die "the driver $module cannot be loaded"
done </modules/order
hostname localhost
. /ingot/machine.sh
mount_target
if [ -e /ingot/settings.sh ]; then
	. /ingot/settings.sh
else
	. /ingot/packages.sh
fi
unmount_target
phase end
poweroff -f
