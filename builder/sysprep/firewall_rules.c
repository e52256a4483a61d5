/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* iptables, nftables, firewalld and ufw. */
static const char files[] = "/etc/{sysconfig/{iptables,ip6tables,nftables.conf}{,.save},iptables/"
                            "rules.v[46],firewalld/{services,zones}/*,ufw/{user,user6}.rules}";

const sysprep_operation operation_firewall_rules = {
    .name = "firewall-rules",
    .heading = "Remove the firewall's rules",
    .off = TRUE,
    .remove = files,
};
