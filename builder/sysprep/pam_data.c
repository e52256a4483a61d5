/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* pam_faillock(8), pam_console, pam_sepermit(8), pam_lastlog. */
static const char files[] = "/{var/,}run/{console,faillock,sepermit}/*";

const sysprep_operation operation_pam_data = {
    .name = "pam-data",
    .heading = "Remove PAM's records of logins",
    .remove = files,
};
