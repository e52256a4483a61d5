/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* ISC dhcpd (Debian's is with the client's), Kea, dnsmasq, udhcpd, networkd's server. */
static const char files[] = "/var/{lib/{dhcpd/*,dhcp/dhcpd*.leases*,dhcp/db/dhcpd*.leases*,"
                            "kea/*.{csv,csv.[0-9],completed},{misc,dnsmasq}/dnsmasq.leases,misc/"
                            "udhcpd.leases,systemd/network/dhcp-server-lease},"
                            "db/dhcpd/*}";

const sysprep_operation operation_dhcp_server_state = {
    .name = "dhcp-server-state",
    .heading = "Remove the leases that a DHCP server has granted",
    .remove = files,
};
