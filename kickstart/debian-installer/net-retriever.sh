#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Calls debian-installer's retriever, which fetches and verifies; then removes from the index
# what a virtual machine with one plain root file system does not need: half of the components.
# After a point release, the archive may have modules only for another kernel: the installer
# then asks whether to continue without, and does not mention the other version.
/ingot/net-retriever.di "$@" || exit
[ "$1" = packages ] || exit 0
awk -v running="$(uname -r)" '
	/^Kernel-Version: / && $2 == running { found = 1 }
	/^Kernel-Version: / && !seen[$2]++ { others = others " " $2 }
	END { if (!found) print "kernel modules: of " running ": none; of others:" (others ? others : " none") }' "$2" |
	while read -r line; do logger -t ingot "$line"; done
awk 'BEGIN { RS = ""; ORS = "\n\n" }
	/^Package: (partman-(auto-(crypto|lvm|raid)|btrfs|cros|crypto[^\n]*|efi|iscsi|jfs|lvm|md|nbd|newworld|prep)|lvm[^\n]*|md[^\n]*|cryptsetup[^\n]*|btrfs-progs-udeb|jfsutils-udeb|cdrom-[^\n]*|apt-cdrom-setup|load-(cdrom|iso|media)|iso-scan|nano-udeb|network-(console|preseed)|kickseed-common|wpasupplicant-udeb|depthcharge-tools-installer|systemd-boot-installer|espeakup-udeb|mbr-udeb|nobootloader|multipath-udeb|open-iscsi-udeb|rescue-[^\n]*|hdparm-udeb|usb[^\n]*-udeb|di-utils-terminfo|rdate-udeb)\n/ { next }
	{ print }' "$2" >"$2.new" && mv "$2.new" "$2"
