/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "stages/stages.h"

/* Saves what helps to understand a failed build in OUT/NAME.failed, secrets masked:
 * diagnosis.json, diagnosis.txt, the logs, the screen, the answer file, a copy of the recipe and a
 * script that starts its machine again.  Best effort: a failure is only a warning.  Returns the
 * directory, owned by the caller, or NULL. */
char *failure_bundle_save(const build *b, const char *stage_name, int exit_code,
                          const GError *failure);

/* Removes the bundle of an earlier failure. */
void failure_bundle_remove(const build *b);
