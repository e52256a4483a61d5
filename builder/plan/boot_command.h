/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "plan/plan.h"

/* Media that are booted as they are.  Private to the room. */

/* Fills p->boot_command.  After the answers and the media. */
void boot_command_resolve(plan *p, const recipe *r);
/* Whether the command can be typed; needs no plan. */
void boot_command_check(const recipe *r, recipe_problems *problems);
/* The same of the installer: whether it can be booted so. */
void boot_command_check_installer(const recipe *r, const os_installer *installer,
                                  recipe_problems *problems);
/* Whether the answer file comes from a seed. */
gboolean boot_command_is_seeded(const recipe *r);
