/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "stages/stages.h"

/* The disk space that a build will need, checked before it is used.  Private to the room.
 * Errors: INGOT_EXIT_HOST, with what is needed, what is free, and where. */

/* Before anything is started.  The space for an installation counts now if nothing at all is
 * kept that could be reused; else once it is known that it runs. */
gboolean space_check_build(const build *b, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean space_check_install(const build *b, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What space_check_build asks for, in bytes; output may be NULL. */
void space_needed(const build *b, guint64 *cache, guint64 *output);
