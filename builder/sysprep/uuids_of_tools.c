/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* Of yum, dnf (countme), zypper, smolt, insights-client, popularity-contest, osquery and snapd. */
static const char files[] =
    "/{var/lib/{yum/uuid,dnf/repos/*/countme,insights/*,zypp/AnonymousUniqueId,snapd/"
    "{seed.manifest,device-key*}},etc/"
    "{sysconfig/hw-uuid,smolt/{uuid,hw-uuid},insights-client/"
    "{machine-id,.registered,.unregistered,.lastupload},popularity-contest.conf.d/hostid}}";

const sysprep_operation operation_uuids_of_tools = {
    .name = "uuids-of-tools",
    .also = "smolt-uuid yum-uuid",
    .heading = "Remove identities that tools have made for this host",
    .remove = files,
};
