/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* Off: what is tied to one machine in them, net-identity takes out; the rest is configuration. */
static const char files[] = "/etc/NetworkManager/system-connections/*.nmconnection";

const sysprep_operation operation_net_nmconn = {
    .name = "net-nmconn",
    .heading = "Remove all of NetworkManager's connections",
    .off = TRUE,
    .remove = files,
};
