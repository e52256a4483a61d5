/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* Puppet, Chef, Salt: the server knows the agent by them. */
static const char files[] =
    "/{var/{lib,log}/puppet/*,{var/lib,etc}/puppet/ssl/*,{etc,opt}/puppetlabs/puppet/{ssl,cache}/"
    "*,etc/{chef,cinc}/client.pem,etc/salt/{minion_id,pki/minion/*},var/cache/salt/*}";

const sysprep_operation operation_puppet_data = {
    .name = "puppet-data",
    .also = "puppet-data-log",
    .heading = "Remove the certificates, state and logs of configuration agents",
    .remove = files,
};
