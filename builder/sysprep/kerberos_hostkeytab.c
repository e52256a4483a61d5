/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

static const char files[] = "/etc/krb5.keytab";

const sysprep_operation operation_kerberos_hostkeytab = {
    .name = "kerberos-hostkeytab",
    .heading = "Remove the Kerberos keys of this host",
    .remove = files,
};
