/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/tree.h"

#include "guest/operations.h"

/* The places in which network configuration is tied to one card: interfaces(5),
 * nm-settings-keyfile(5), systemd.network(5) and systemd.link(5), netplan(5), and the ifcfg files
 * of Red Hat and SUSE.  Where a match is required, something that fits every Ethernet card takes
 * the place of the address; an unknown key in another section only makes systemd warn. */
const struct guest_line_rule guest_nic_rules[] = {
    {"/etc/network/{interfaces,interfaces.d/*}", "^[ \t]*hwaddress[ \t]", NULL, "a MAC address"},
    {"/etc/NetworkManager/system-connections/*",
     "^[ \t]*(uuid[ \t]*=[ \t]*[^ \t]|mac-address[ \t]*=[ \t]*[^ \t]|"
     "(cloned|assigned)-mac-address[ \t]*=[ \t]*[0-9A-Fa-f]{2}[:-])",
     NULL, "the UUID or MAC address of a connection"},
    {"/etc/systemd/network/*.{network,link}", "^[ \t]*(Permanent)?MACAddress[ \t]*=.*",
     "Type=ether", "a MAC address"},
    {"/etc/netplan/*.{yaml,yml}", "^([ \t]*)macaddress[ \t]*:.*", "\\1name: \"e*\"",
     "a MAC address"},
    {"/etc/sysconfig/{network-scripts,network}/ifcfg-*",
     "^[ \t]*(HWADDR|MACADDR|LLADDR|UUID)[ \t]*=", NULL, "the UUID or MAC address of a card"},
    {NULL, NULL, NULL, NULL},
};

static gboolean net_identity_operation(guest *g, GError **error)
{
    gboolean good = TRUE;
    for (const struct guest_line_rule *rule = guest_nic_rules; good && rule->files; rule++)
        good = guest_edit(g, rule, error);
    return good;
}

const guest_operation operation_net_identity = {
    .name = "net-identity",
    .also = "net-hwaddr",
    .heading = "Remove MAC addresses and UUIDs of network cards from the configuration",
    .run = net_identity_operation,
};
