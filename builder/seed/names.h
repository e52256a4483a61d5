/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "media/media.h"

/* Private to the room. */

/* Whether all paths are relative, without empty, "." and ".." parts, of at most 255 bytes and made
 * of A-Z, a-z, 0-9, '.', '_', '-' and '/', so that they need no quoting in URLs, and no path is
 * there twice or below another.  Errors: INGOT_EXIT_HOST. */
gboolean seed_check_names(const struct media_file *files, gsize n,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
