/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/tree.h"

/* dhclient; dhcpcd with its DUID and secret; NetworkManager with the key it derives identities
 * from; networkd; SUSE's wicked and its old dhcpcd. */
static const char files[] =
    "/{var/lib/{dhcp,dhcp3,dhclient}/*,"
    "var/{lib,db}/dhcpcd/{*.lease*,*.lease6*,duid,secret,rdm_monotonic},"
    "etc/dhcpcd.{duid,secret},var/lib/dhcpcd5/*,"
    "var/lib/NetworkManager/{*.lease,*.lease6,secret_key,seen-bssids,timestamps,internal-*},"
    "var/lib/systemd/network/*,var/lib/wicked/{lease-*,duid.xml,iaid.xml,rfc4941*},"
    "var/lib/dhcpcd/dhcpcd-*.{info,cache}}";

const guest_operation operation_dhcp_leases = {
    .name = "dhcp-leases",
    .also = "dhcp-client-state",
    .heading = "Remove DHCP leases and the identities made for them",
    .remove = files,
};
