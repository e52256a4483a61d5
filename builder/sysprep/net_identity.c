/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

static gboolean net_identity_operation(guest *g, GError **error)
{
    gboolean good = TRUE;
    for (const struct guest_line_rule *rule = trace_nic_rules; good && rule->files; rule++)
        good = guest_edit(g, rule, error);
    return good;
}

const sysprep_operation operation_net_identity = {
    .name = "net-identity",
    .also = "net-hwaddr",
    .heading = "Remove MAC addresses and UUIDs of network cards from the configuration",
    .run = net_identity_operation,
};
