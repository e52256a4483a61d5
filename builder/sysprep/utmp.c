/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* utmp(5). */
static const char files[] = "/{var/,}run/utmp";

const sysprep_operation operation_utmp = {
    .name = "utmp",
    .heading = "Remove the list of logged-in users",
    .remove = files,
};
