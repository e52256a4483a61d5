/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "stages/stages.h"

/* The disk that the installer's machine starts with.  Private to the room. */

/* Whether base_system_disk will find its base system kept. */
gboolean base_system_is_kept(const build *b);

/* Makes disk: empty, or, for an installer that is given packages, an overlay of a base system with
 * these packages unpacked and configured.  A base system depends on the packages and on hardly
 * anything else in the recipe; it is made once and kept. */
gboolean base_system_disk(build *b, const char *disk, GPtrArray *phases,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
