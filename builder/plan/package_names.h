/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "plan/plan.h"

/* Whether the family can have packages of the names in a recipe.  Private to the room. */
void package_names_check(const recipe *r, const struct os_packaging *packaging,
                         recipe_problems *problems);
