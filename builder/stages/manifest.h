/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "stages/stages.h"

/* The manifest of a finished template (docs/manifest.md); what a build that failed had not come to
 * is left out.  Owned by the caller. */
json_t *manifest_new(const build *b);
