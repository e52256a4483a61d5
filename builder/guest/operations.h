/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "guest/tree.h"

/* What operations clean is what the policy looks for afterwards: said once, here. */

extern const struct guest_line_rule guest_nic_rules[]; /* up to a rule without files */
extern const char guest_host_key_files[];              /* patterns for guest_glob */
extern const char guest_udev_net_rules[];
extern const char guest_installer_files[];

/* The pattern of the histories in all homes; owned by the caller. */
char *guest_history_files(guest *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;
