# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034
# The values of the recipe beyond base.sh.
suite='{{suite}}'
components='{{components}}'
final_mirror='{{final_mirror}}'
security_mirror='{{security_mirror}}'
hostname='{{hostname}}'
domain='{{domain}}'
locale='{{locale}}'
grub_target='{{grub_target}}'
kernel_args='{{kernel_args}}'
serial_console='{{serial_console}}'
serial_name='{{serial_name}}'
root_password_hash='{{root_password_hash}}'
ssh_keys_root='{{ssh_keys_root}}'
users_script='{{users_script}}'
late_command='{{late_command}}'
