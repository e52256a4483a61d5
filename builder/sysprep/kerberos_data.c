/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* krb5kdc(8); kdc.conf and the access list are configuration and stay. */
static const char files[] =
    "/{var/kerberos/krb5kdc,var/lib/krb5kdc,etc/krb5kdc}/{principal*,.k5.*,stash*}";

const sysprep_operation operation_kerberos_data = {
    .name = "kerberos-data",
    .heading = "Remove the databases of a Kerberos server",
    .remove = files,
};
