/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "verify/clone.h"

/* Adds a CPU, a disk and a network card to a running clone and lets its memory shrink and grow;
 * the results are in seen, for the assertions.  Private to the room. */
void hotplug_try(struct clone *c, const struct verify_spec *spec, guint seconds,
                 struct hotplug_evidence *seen);
