/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

static gboolean shell_history_operation(guest *g, GError **error)
{
    g_autofree char *pattern = trace_histories(g, error);
    return pattern && guest_remove(g, pattern, error);
}

const sysprep_operation operation_shell_history = {
    .name = "shell-history",
    .also = "bash-history",
    .heading = "Remove the history of shells and other programs",
    .run = shell_history_operation,
};
