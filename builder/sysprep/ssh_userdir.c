/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

static gboolean ssh_userdir_operation(guest *g, GError **error)
{
    g_autofree char *homes = guest_homes(g, error);
    g_autofree char *pattern = homes ? g_strconcat(homes, "/.ssh", NULL) : NULL;
    return pattern && guest_remove(g, pattern, error);
}

const sysprep_operation operation_ssh_userdir = {
    .name = "ssh-userdir",
    .heading = "Remove the .ssh directories of all users",
    .off = TRUE,
    .run = ssh_userdir_operation,
};
