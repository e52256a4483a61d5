/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "stages/stages.h"

/* The room that a build will need, asked for before it is used.  Private to the room.  Errors:
 * INGOT_EXIT_HOST, with what is needed, what is there, and where. */

/* Before anything is started.  What an installation needs counts when nothing at all is kept that
 * could be reused; else when it turns out that it runs. */
gboolean space_check_build(const build *b, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean space_check_install(const build *b, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What space_check_build asks for, in bytes; output may be NULL. */
void space_needed(const build *b, guint64 *cache, guint64 *output);
