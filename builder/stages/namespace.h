/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "stages/stages.h"

/* A system that is installed in a namespace: a tree in the build's work directory, and the layers
 * that are kept of it.  Private to the room. */

/* Opens the tree of the installed system: the one that was just made, or out of the kept layers.
 * b->tree is it then. */
gboolean namespace_tree(build *b, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes the disk of it, raw. */
gboolean namespace_write_disk(build *b, const char *disk, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes the tree. */
void namespace_clear(build *b);

/* Removes the trees that dead builds have left in that cache. */
void namespace_clear_dead(const char *cache_dir);
