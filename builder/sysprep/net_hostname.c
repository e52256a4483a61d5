/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

static const char *const families[] = {"rpm", NULL};

/* With them a clone tells the DHCP server the name of the machine that was sealed. */
static const struct guest_line_rule rule = {
    "/etc/sysconfig/{network-scripts,network}/ifcfg-*",
    "^[ \t]*(DHCP_|DHCLIENT_)?HOSTNAME(_OPTION)?[ \t]*=(?![\"']?AUTO[\"']?[ \t]*$)", NULL,
    "a host name"};

static gboolean net_hostname_operation(guest *g, GError **error)
{
    return guest_edit(g, &rule, error);
}

const sysprep_operation operation_net_hostname = {
    .name = "net-hostname",
    .heading = "Remove host names from the configuration of network cards",
    .families = families,
    .run = net_hostname_operation,
};
