/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* Identity and entitlements of Red Hat's subscription-manager(8) and RHN, and the registrations of
 * SUSE and of Ubuntu Pro. */
static const char files[] =
    "/{etc/pki/{consumer,entitlement}/*,var/lib/rhsm/{facts,packages,cache}/*,etc/sysconfig/rhn/"
    "{systemid,osad-auth.conf},etc/zypp/credentials.d/*,etc/SUSEConnect,var/lib/ubuntu-advantage/"
    "{private/*,machine-token.json}}";

const sysprep_operation operation_rh_subscription_manager = {
    .name = "rh-subscription-manager",
    .also = "rhn-systemid",
    .heading = "Remove the subscription of this machine",
    .remove = files,
};
