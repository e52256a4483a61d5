/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* What is planned for the machine that was sealed.  System crontabs in /etc stay. */
static const char files[] =
    "/var/spool/{cron/{crontabs/*,tabs/*,lastrun/*,at{jobs,spool}/*,at{jobs,spool}/"
    ".SEQ,[!acltw.]*},at/{[!.s]*,.SEQ,spool/*},atjobs/*,anacron/*}";

const sysprep_operation operation_cron_spool = {
    .name = "cron-spool",
    .heading = "Remove jobs of at and the crontabs of users",
    .off = TRUE,
    .remove = files,
};
