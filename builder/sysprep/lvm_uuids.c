/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

const sysprep_operation operation_lvm_uuids = {
    .name = "lvm-uuids",
    .heading = "Give physical volumes and volume groups new UUIDs",
    .off = TRUE,
    .run = guest_renew_lvm,
};
