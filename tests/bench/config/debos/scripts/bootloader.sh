#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
set -e
root=$(findmnt --noheadings --output SOURCE /)
grub-install --target=i386-pc "${root%p[0-9]*}"
update-grub
