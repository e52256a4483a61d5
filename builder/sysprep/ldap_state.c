/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* nscd(8) and sssd(8): answers about accounts that are not this machine's. */
static const char files[] =
    "/var/{cache/nscd/*,run/nscd/*,db/nscd/*,lib/sss/{db,mc,gpo_cache,keytabs,pipes/"
    "private,pubconf/krb5.include.d}/*,log/sssd/*}";

const sysprep_operation operation_ldap_state = {
    .name = "ldap-state",
    .also = "sssd-db-log",
    .heading = "Remove the name service caches",
    .remove = files,
};
