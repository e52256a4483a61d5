/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

const sysprep_operation operation_udev_persistent_net = {
    .name = "udev-persistent-net",
    .heading = "Remove udev rules that give a name to one network card",
    .remove = trace_udev_net_rules,
};
