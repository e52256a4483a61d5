/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "stages/stages.h"

/* The record of a build, good or bad (docs/report.md): what its report is made of.  failed_stage
 * and failure NULL: it was good.  Secrets are masked.  Owned by the caller. */
json_t *build_record_new(const build *b, const char *failed_stage, const GError *failure);

/* Writes the reports that the build's options request.  Best effort: a failure is only a
 * warning. */
void build_record_write(const build *b, const char *failed_stage, const GError *failure);
