/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

static const char files[] = "/var/{spool,tmp}/abrt/*";

const sysprep_operation operation_abrt_data = {
    .name = "abrt-data",
    .heading = "Remove the crash reports of ABRT",
    .remove = files,
};
