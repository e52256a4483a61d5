/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* The shadow tools and Debian's cron jobs make them: they hold the password of the day before. */
static const char files[] = "/{etc/{passwd,shadow,group,gshadow,subuid,subgid}-,var/backups/"
                            "{passwd,shadow,group,gshadow}.bak}";

const sysprep_operation operation_passwd_backups = {
    .name = "passwd-backups",
    .heading = "Remove backups of the account files",
    .remove = files,
};
