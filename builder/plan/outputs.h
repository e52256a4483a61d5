/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "plan/plan.h"

/* The formats of the finished image.  Private to the room. */

/* Whether each is known; needs no plan. */
void outputs_check(const recipe *r, recipe_problems *problems);
/* Fills p->outputs; after the check. */
void outputs_resolve(plan *p, const recipe *r);
