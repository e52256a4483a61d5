/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/guest.h"

/* accton(8). */
static const char files[] = "/var/{account,log/account}/pacct*";

const guest_operation operation_pacct_log = {
    .name = "pacct-log",
    .heading = "Remove the records of process accounting",
    .remove = files,
};
