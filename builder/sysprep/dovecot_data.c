/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* Dovecot makes new ones when it starts. */
static const char files[] = "/var/lib/dovecot/*";

const sysprep_operation operation_dovecot_data = {
    .name = "dovecot-data",
    .heading = "Remove the mail server's own parameters and state",
    .remove = files,
};
