/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* blkid(8), "FILES" and "CONFIGURATION FILE": the place has moved twice. */
static const char files[] = "/{run,var/run,dev,etc}/{blkid/,.,}blkid.tab{,.old}";

const sysprep_operation operation_blkid_tab = {
    .name = "blkid-tab",
    .heading = "Remove blkid's list of the file systems of this machine",
    .remove = files,
};
