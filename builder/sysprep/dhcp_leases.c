/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

const sysprep_operation operation_dhcp_leases = {
    .name = "dhcp-leases",
    .also = "dhcp-client-state",
    .heading = "Remove DHCP leases and the identities made for them",
    .remove = trace_dhcp_leases,
};
