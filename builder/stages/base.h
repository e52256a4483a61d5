/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/digest.h"
#include "stages/kept.h"
#include "stages/stages.h"

/* What the installer's machine begins with.  Private to the room. */

/* Adds everything to d that such a machine is given: its files (base: those of the base system
 * alone), kernel and packages. */
void base_add_inputs(const build *b, gboolean base, digest *d);

/* Runs a machine on a disk with that initrd, or with the medium and its seed when that boots by
 * itself; phases gets what was seen, and the timeline the machine under that name. */
gboolean base_run_machine(build *b, const char *name, const char *disk, const char *initrd,
                          GPtrArray *phases, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* kept_load within the limit of this build; says when a kept disk is not what it was. */
GPtrArray *base_load_kept(const build *b, const kept *k, gint64 *age);

/* Whether base_disk will find its base system kept. */
gboolean base_is_kept(const build *b);

/* Makes disk: empty, or, for an installer that is given packages, with these unpacked and
 * configured.  Such a base system depends on the packages and on next to nothing of what a recipe
 * says besides; it is made once and kept, and disk is an overlay of it. */
gboolean base_disk(build *b, const char *disk, GPtrArray *phases,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
