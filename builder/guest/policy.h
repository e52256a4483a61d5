/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "guest/handle.h"

/* What a template must be, whatever made it.  Every check adds a finding for each violation to
 * broken (of struct guest_finding *, guest_findings_new) and goes on; an error means that the check
 * could not be made. */

typedef gboolean (*policy_check)(guest *g, GPtrArray *broken, GError **error);

/* A check and the rules whose violation it can find. */
typedef struct guest_check {
    const char *name;               /* "disk" */
    const guest_rule *const *rules; /* NULL-terminated */
    gboolean survey_only;           /* not in a build, where the recipe's author decides */
    policy_check run;
} guest_check;

gboolean policy_disk(guest *g, GPtrArray *broken, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean policy_swap(guest *g, GPtrArray *broken, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean policy_fstab(guest *g, GPtrArray *broken, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean policy_identity(guest *g, GPtrArray *broken, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean policy_leavings(guest *g, GPtrArray *broken, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One record each, at the foot of its file. */
extern const guest_check check_disk, check_swap, check_fstab, check_identity, check_leavings,
    check_packages, check_seeds, check_remains, check_boot, check_access, check_files,
    check_secrets;

/* An array of struct guest_finding *; owned by the caller. */
GPtrArray *guest_findings_new(void);

/* Adds a finding.  path: of the file in the guest, NULL: none.  What the guest wrote into path and
 * sentence is made printable.  A guest can break a rule a million times: after FINDINGS_OF_RULE of
 * one rule a finding says that there are more, and the rest is dropped. */
void policy_break(GPtrArray *broken, const guest_rule *rule, const char *path, const char *format,
                  ...) G_GNUC_PRINTF(4, 5);
#define FINDINGS_OF_RULE 100u

/* The checks that a build makes.  Errors: INGOT_EXIT_POLICY with a line for every violation of a
 * rule whose level is GUEST_ERROR. */
gboolean guest_policy(guest *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* All checks, each finding into broken, in the order of the table. */
gboolean guest_check_all(guest *g, GPtrArray *broken, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Keys and credentials by their form, for guest_search; the caller owns the array. */
GArray *policy_secret_needles(void);

/* A finding for each path that matches (guest_glob); said: the sentence, with %s for the path. */
gboolean policy_break_paths(guest *g, const char *pattern, const guest_rule *rule, const char *said,
                            GPtrArray *broken, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct guest_line_rule;

/* A finding for each file that has such a line: "PATH <verb> <what the line is>". */
gboolean policy_break_lines(guest *g, const struct guest_line_rule *line, const guest_rule *rule,
                            const char *verb, GPtrArray *broken,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
