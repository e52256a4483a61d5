/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "plan/plan.h"

/* Where the installer's scripts run.  Private to the room. */

/* Complains of a recipe that asks for what its installer cannot do anywhere. */
void isolation_check(const recipe *r, const os_installer *installer, recipe_problems *problems);

/* Decides for p, whose installer is there.  Errors: INGOT_EXIT_USAGE, the site has
 * decided otherwise; INGOT_EXIT_HOST, this host cannot do what was asked for by name. */
gboolean isolation_resolve(plan *p, const recipe *r, const struct plan_host *host,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
