/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* The directories stay, with their modes and labels. */
const sysprep_operation operation_tmp = {
    .name = "tmp",
    .also = "tmp-files",
    .heading = "Empty /tmp and /var/tmp",
    .remove = "/{tmp,var/tmp,var/crash}/{*,.[!.]*,..?*}",
};
