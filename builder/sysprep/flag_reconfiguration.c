/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* Init scripts of old Red Hat and initial-setup look for this file and ask on the console. */
static gboolean flag_reconfiguration_operation(guest *g, GError **error)
{
    return guest_write_file(g, "/.unconfigured", "", error);
}

const sysprep_operation operation_flag_reconfiguration = {
    .name = "flag-reconfiguration",
    .heading = "Make the system ask for its settings at first boot (/.unconfigured)",
    .off = TRUE,
    .run = flag_reconfiguration_operation,
};
