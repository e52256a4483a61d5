/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "stages/stages.h"

/* The diagnosis of a failed build: where it was, why, what to do, and the evidence.  Private to
 * the room. */

/* docs/diagnosis.md describes the members.  exit_code: the program's.  Owned by the caller; not
 * masked. */
json_t *diagnosis_new(const build *b, const char *stage_name, int exit_code, const GError *failure);

/* The same for people; owned by the caller. */
char *diagnosis_text(const json_t *diagnosis);
