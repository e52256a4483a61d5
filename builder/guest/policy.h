/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "guest/handle.h"

/* What a template must be, whatever made it.  Every check adds a sentence for each violation to
 * broken (of char *) and goes on; an error means that the check could not be made. */

typedef gboolean (*policy_check)(guest *g, GPtrArray *broken, GError **error);

gboolean policy_disk(guest *g, GPtrArray *broken, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean policy_swap(guest *g, GPtrArray *broken, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean policy_fstab(guest *g, GPtrArray *broken, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean policy_identity(guest *g, GPtrArray *broken, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean policy_leavings(guest *g, GPtrArray *broken, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean policy_packages(guest *g, GPtrArray *broken, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds a sentence; what the guest wrote into it is made printable. */
void policy_break(GPtrArray *broken, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* All checks.  Errors: INGOT_EXIT_POLICY with a line for every violation. */
gboolean guest_policy(guest *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;
