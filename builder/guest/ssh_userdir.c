/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/guest.h"

static const char files[] = "/{root,home/*}/.ssh";

const guest_operation operation_ssh_userdir = {
    .name = "ssh-userdir",
    .heading = "Remove the .ssh directories of all users",
    .off = TRUE,
    .remove = files,
};
