/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/accounts.h"
#include "guest/operations.h"
#include "guest/tree.h"

static const char files[] = "/{.*_history,.lesshst,.viminfo,.wget-hsts,.sudo_as_admin_successful,"
                            ".local/share/fish/fish_history}";

/* Services have homes, too: that of PostgreSQL has a .psql_history. */
char *guest_history_files(guest *g, GError **error)
{
    g_autofree char *homes = guest_homes(g, error);
    return homes ? g_strconcat(homes, files, NULL) : NULL;
}

static gboolean shell_history_operation(guest *g, GError **error)
{
    g_autofree char *pattern = guest_history_files(g, error);
    return pattern && guest_remove(g, pattern, error);
}

const guest_operation operation_shell_history = {
    .name = "shell-history",
    .also = "bash-history",
    .heading = "Remove the history of shells and other programs",
    .run = shell_history_operation,
};
