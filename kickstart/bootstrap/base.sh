# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034
# What the base system depends on besides its packages. Recipes that agree in these share it.
disk='{{disk}}'
efi='{{efi}}'
timezone='{{timezone}}'
keyboard='{{keyboard}}'
grub_package='{{grub_package}}'
