/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

const sysprep_operation operation_cloud_init = {
    .name = "cloud-init",
    .heading = "Remove what cloud-init knows about this instance",
    .remove = trace_cloud_init,
};
