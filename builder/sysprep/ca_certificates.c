/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* A host's own certificates and their keys.  The bundles of the ca-certificates packages, which are
 * the same everywhere, are not: ca-bundle.crt and ca-bundle.trust.crt. */
static const char files[] = "/etc/{pki/{CA/{certs,crl,newcerts,private}/*,tls/{private/*,certs/"
                            "{[!c]*,c[!a]*,ca[!-]*}.crt}},ssl/private/*.{key,pem}}";

const sysprep_operation operation_ca_certificates = {
    .name = "ca-certificates",
    .heading = "Remove certificates and keys that were made for this host",
    .off = TRUE,
    .remove = files,
};
