#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# debian-installer's retriever, which fetches and verifies; then the index loses what a
# virtual machine with one plain root file system has no use for: half of the components.
/ingot/net-retriever.di "$@" || exit
[ "$1" = packages ] || exit 0
awk 'BEGIN { RS = ""; ORS = "\n\n" }
	/^Package: (partman-(auto-(crypto|lvm|raid)|btrfs|cros|crypto[^\n]*|efi|iscsi|jfs|lvm|md|nbd|newworld|prep)|lvm[^\n]*|md[^\n]*|cryptsetup[^\n]*|btrfs-progs-udeb|jfsutils-udeb|cdrom-[^\n]*|apt-cdrom-setup|load-(cdrom|iso|media)|iso-scan|nano-udeb|network-(console|preseed)|kickseed-common|wpasupplicant-udeb|depthcharge-tools-installer|systemd-boot-installer|espeakup-udeb|mbr-udeb|nobootloader|multipath-udeb|open-iscsi-udeb|rescue-[^\n]*|hdparm-udeb|usb[^\n]*-udeb|di-utils-terminfo|rdate-udeb)\n/ { next }
	{ print }' "$2" >"$2.new" && mv "$2.new" "$2"
