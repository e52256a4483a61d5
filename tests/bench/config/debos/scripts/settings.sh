#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
set -e
echo @HOSTNAME@ > /etc/hostname
echo root:@PASSWORD@ | chpasswd
printf 'auto eth0\niface eth0 inet dhcp\n' > /etc/network/interfaces.d/eth0
sed -i 's/^GRUB_CMDLINE_LINUX=.*/GRUB_CMDLINE_LINUX="console=tty0 console=ttyS0,115200n8 net.ifnames=0"/' \
    /etc/default/grub
