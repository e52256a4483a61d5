# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034
# The values of the recipe; the only one of these files that is a template.
suite='{{suite}}'
kernel_args='{{kernel_args}}'
serial_console='{{serial_console}}'
user_name='{{user_name}}'
ssh_keys_root='{{ssh_keys_root}}'
ssh_keys_user='{{ssh_keys_user}}'
final_mirror='{{final_mirror}}'
security_mirror='{{security_mirror}}'
users_script='{{users_script}}'
late_command='{{late_command}}'
serial_name='{{serial_name}}'
components='{{components}}'
