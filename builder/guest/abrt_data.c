/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/guest.h"

static const char files[] = "/var/{spool,tmp}/abrt/*";

const guest_operation operation_abrt_data = {
    .name = "abrt-data",
    .heading = "Remove the crash reports of ABRT",
    .remove = files,
};
