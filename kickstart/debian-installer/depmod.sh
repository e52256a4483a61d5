#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The installer runs depmod before every look at the hardware; only new modules need it.
count=$(find /lib/modules/ -name '*.ko*' | wc -l)
[ "$count" != "$(cat /run/depmod.count 2>/dev/null)" ] || exit 0
/ingot/depmod "$@" || exit
echo "$count" >/run/depmod.count
