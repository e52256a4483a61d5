/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "plan/plan.h"

/* The names of records that a recipe can give.  Private to the room; each array is NULL-terminated
 * and owned by the caller, its texts belong to the records. */
const char **names_families(void);
const char **names_installers(void);
const char **names_outputs(void);

/* The hint for a name that is not among all, which it takes: the nearest, or label and all of them.
 * Owned by the caller. */
char *names_hint(const char *label, const char **all, const char *name);
