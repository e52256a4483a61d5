/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/tree.h"

/* The directories stay, with their modes and labels. */
static gboolean run(guest *g, GError **error)
{
    return guest_remove(g, "/{tmp,var/tmp,var/crash}/{*,.[!.]*,..?*}", error);
}

const guest_operation operation_tmp = {
    .name = "tmp",
    .heading = "Empty /tmp and /var/tmp",
    .run = run,
};
