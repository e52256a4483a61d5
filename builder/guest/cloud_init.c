/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/guest.h"

/* cloud-init clean(1) removes the same: without it a clone takes itself for the machine that was
 * sealed. */
static const char files[] = "/{var/lib,run}/{cloud,cloud-init}/*";

const guest_operation operation_cloud_init = {
    .name = "cloud-init",
    .heading = "Remove what cloud-init knows of this instance",
    .remove = files,
};
