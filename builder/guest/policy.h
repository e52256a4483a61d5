/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "guest/finding.h"

/* What a template must be, whatever made it.  Every check adds a finding for each violation to
 * broken (of struct guest_finding *, guest_findings_new) and goes on; an error means that the check
 * could not be made. */

typedef gboolean (*policy_check)(guest *g, GPtrArray *broken, GError **error);

/* A check and the rules whose violation it can find: one record, check_NAME, and one line in the
 * list of meson.build. */
typedef struct guest_check {
    const char *name;               /* "disk" */
    const guest_rule *const *rules; /* NULL-terminated */
    gboolean survey_only;           /* not in a build, where the recipe's author decides */
    policy_check run;
} guest_check;

#define RECORD(name) extern const guest_check check_##name;
#include "guest/guest_checks.inc"
#undef RECORD

/* The checks that a build makes.  Errors: INGOT_EXIT_POLICY with a line for every violation of a
 * rule whose level is GUEST_ERROR. */
gboolean guest_policy(guest *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* All checks, each finding into broken, in the order of the table. */
gboolean guest_check_all(guest *g, GPtrArray *broken, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Keys and credentials by their form, for guest_search; the caller owns the array. */
GArray *policy_secret_needles(void);
