/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/tree.h"

#include "guest/operations.h"

/* Written by udev before systemd 197, and by hand since. */
const char guest_udev_net_rules[] =
    "/etc/udev/rules.d/{70-persistent-net,75-persistent-net-generator}.rules";

const guest_operation operation_udev_persistent_net = {
    .name = "udev-persistent-net",
    .heading = "Remove udev rules that give a name to one network card",
    .remove = guest_udev_net_rules,
};
