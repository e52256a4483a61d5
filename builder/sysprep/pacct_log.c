/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* accton(8). */
static const char files[] = "/var/{account,log/account}/pacct*";

const sysprep_operation operation_pacct_log = {
    .name = "pacct-log",
    .heading = "Remove the records of process accounting",
    .remove = files,
};
