/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "inspect/inspect.h"

/* What breaks a rule.  Private to the room. */

/* An array of struct inspect_finding *; owned by the caller. */
GPtrArray *inspect_findings_new(void);

/* Adds a finding.  path: of the file in the guest, NULL: none.  Text from the guest in path and
 * sentence is made printable.  A guest can break a rule a million times: after FINDINGS_OF_RULE of
 * one rule, a finding says that there are more, and the rest is dropped. */
void policy_break(GPtrArray *broken, const inspect_rule *rule, const char *path, const char *format,
                  ...) G_GNUC_PRINTF(4, 5);
#define FINDINGS_OF_RULE 100u

/* A finding for each path that matches (guest_glob); said: the sentence, with %s for the path. */
gboolean policy_break_paths(guest *g, const char *pattern, const inspect_rule *rule,
                            const char *said, GPtrArray *broken,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct guest_line_rule;

/* A finding for each file that has such a line: "PATH <verb> <what the line is>". */
gboolean policy_break_lines(guest *g, const struct guest_line_rule *line, const inspect_rule *rule,
                            const char *verb, GPtrArray *broken,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
