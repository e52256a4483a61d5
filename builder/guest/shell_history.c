/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/tree.h"

static const char files[] =
    "/{root,home/*}/{.*_history,.lesshst,.viminfo,.wget-hsts,.sudo_as_admin_successful}";

const guest_operation operation_shell_history = {
    .name = "shell-history",
    .heading = "Remove the history of shells and other programs",
    .remove = files,
};
