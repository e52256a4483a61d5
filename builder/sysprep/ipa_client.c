/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* ipa-client-install(1): the membership in a FreeIPA domain. */
static const char files[] = "/{etc/ipa/{ca.crt,default.conf,nssdb/*},var/lib/ipa-client/"
                            "{sysrestore,pki}/*}";

const sysprep_operation operation_ipa_client = {
    .name = "ipa-client",
    .heading = "Remove the membership in a FreeIPA domain",
    .remove = files,
};
