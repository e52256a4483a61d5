#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The first program of the installing machine: drivers, then the work (system.sh).
ingot=/ingot
target=/target
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
. "$ingot/system.sh"
. "$ingot/machine.sh"
mount_target
work
unmount_target
phase end
poweroff -f
