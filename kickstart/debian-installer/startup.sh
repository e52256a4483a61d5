# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Sourced first of all by debian-installer's startup; or later by seed.sh, which then sets
# $seeded. It does not change what is installed: it removes what costs time and is done twice
# or for nothing.

# The log, from its first line, to the second serial port. It holds none of debconf's
# pipes, or debconf would wait for its end.
tail -n +1 -F /var/log/syslog >/dev/ttyS1 2>/dev/null </dev/null 3>&- 4>&- 5>&- 6>&- &
: >/run/ingot.log

# Drivers for absent hardware cost seconds at every depmod: they are compressed, and depmod
# reads them all.
(cd /lib/modules/*/kernel/ && rm -rf drivers/bluetooth drivers/gpu drivers/hid \
	drivers/input/keyboard drivers/mmc drivers/mtd drivers/net/usb drivers/net/wireless \
	drivers/pcmcia drivers/pinctrl drivers/spi drivers/staging drivers/usb/dwc3 \
	drivers/usb/serial drivers/usb/typec net/bluetooth net/mac80211 net/wireless sound)

if [ ! "${seeded-}" ]; then
	# debconf reads and writes all its templates again for every program that queries it:
	# keep only the untranslated fields. (Remove a field with its continuation lines.)
	sed -i -e ':field' -e '/^[A-Za-z]*-[^:]*\.UTF-8:/{' -e ':more' -e '$d' -e 'N' \
		-e 's/^[^\n]*\n//' -e '/^ /bmore' -e 'bfield' -e '}' /var/lib/dpkg/info/*.templates
	export DEBCONF_DROP_TRANSLATIONS=1
fi

ln -s /bin/kmod /ingot/depmod
rm -f /sbin/depmod
cp /ingot/depmod.sh /sbin/depmod
find /lib/modules/ -name '*.ko*' | wc -l >/run/depmod.count
cp /ingot/debconf-set-selections.sh /bin/debconf-set-selections
chmod 755 /sbin/depmod /bin/debconf-set-selections

if [ ! "${seeded-}" ]; then # udpkg, which runs later, would overwrite the status
	# Menu items that have nothing to do in a preseeded virtual machine.
	awk 'BEGIN { RS = ""; ORS = "\n\n" }
		/^Package: (brltty-udeb|save-logs)\n/ {
			sub(/install ok unpacked/, "install ok installed")
		}
		{ print }' /var/lib/dpkg/status >/var/lib/dpkg/status.new
	mv /var/lib/dpkg/status.new /var/lib/dpkg/status
fi

# Fewer components to load: only main, and only those that one plain root file system on one
# disk may need.
retriever=/usr/lib/debian-installer/retriever/net-retriever
if [ -e "$retriever" ]; then # media with components of their own have none
	mv "$retriever" /ingot/net-retriever.di
	sed -i 's/^\([[:space:]]*\)components="`grep .*$/\1components=main/' /ingot/net-retriever.di
	cp /ingot/net-retriever.sh "$retriever"
	chmod 755 "$retriever"
fi

mkdir -p /usr/lib/finish-install.d
cp /ingot/finish.sh /usr/lib/finish-install.d/12ingot
chmod 755 /usr/lib/finish-install.d/12ingot

if [ ! "${seeded-}" ]; then # it has them already
	cat >>/preseed.cfg <<'X'
d-i anna/standard_modules boolean true
d-i base-installer/debootstrap_script string /ingot/debootstrap.sh
X
fi
