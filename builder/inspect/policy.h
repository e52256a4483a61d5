/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "inspect/finding.h"

/* What a template must be, whatever made it.  Every check adds a finding for each violation to
 * broken (of struct inspect_finding *, inspect_findings_new) and continues; an error means that the
 * check could not be done. */

typedef gboolean (*policy_check)(guest *g, const struct inspect_spec *asked, GPtrArray *broken,
                                 GError **error);

/* A check and the rules whose violation it can find: one record, check_NAME, and one line in the
 * list of meson.build. */
typedef struct inspect_check {
    const char *name;                 /* "disk" */
    const inspect_rule *const *rules; /* NULL-terminated */
    gboolean survey_only;             /* not in a build, where the recipe's author decides */
    policy_check run;
} inspect_check;

#define RECORD(name) extern const inspect_check check_##name;
#include "inspect/inspect_checks.inc"
#undef RECORD

/* All checks, each finding into broken, in the order of the table. */
gboolean inspect_check_all(guest *g, GPtrArray *broken, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Keys and credentials by their form, for inspect_search; the caller owns the array. */
GArray *policy_secret_needles(void);
