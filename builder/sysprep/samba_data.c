/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* secrets.tdb is the membership in a domain. */
static const char files[] = "/var/{lib/samba/{*.tdb,private/*.tdb,private/"
                            "*.ldb,winbindd_privileged/*},log/samba/*,cache/samba/*}";

const sysprep_operation operation_samba_data = {
    .name = "samba-data",
    .also = "samba-db-log",
    .heading = "Remove Samba's databases and logs",
    .remove = files,
};
