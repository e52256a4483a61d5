/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/digest.h"
#include "stages/kept.h"
#include "stages/stages.h"

/* The machine in which the installer runs.  Private to the room. */

/* Adds to d everything that the machine is given: its files (base_only: only those of the base
 * system), kernel and packages. */
void machine_add_inputs(const build *b, gboolean base_only, digest *d);

/* Runs a machine on a disk, with that initrd, or with the medium and its seed if the medium boots
 * by itself.  phases gets the phases that were seen, the timeline the machine under that name. */
gboolean machine_run(build *b, const char *name, const char *disk, const char *initrd,
                     GPtrArray *phases, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* kept_load within the limit of this build; warns if a kept disk has changed. */
GPtrArray *machine_load_kept(const build *b, const kept *k, gint64 *age);
