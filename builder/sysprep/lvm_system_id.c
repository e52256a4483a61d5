/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* lvmsystemid(7): volume groups belong to the machine of that name. */
static const char files[] = "/etc/lvm/{lvmlocal.conf.d/*,cache/.cache,archive/*.vg}";

const sysprep_operation operation_lvm_system_id = {
    .name = "lvm-system-id",
    .heading = "Remove the host's name in LVM",
    .off = TRUE,
    .remove = files,
};
