/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "../test.h"

#include "base/error.h"
#include "rootfs/tree.h"

#include <string.h>

/* Trees with real servers in real sandboxes. */

/* Of a group: folder_make and the host's kind of sandbox; tests of a host without one are skipped
 * by name. */
int trees_begin(const char *prefix);
const char *trees_folder(void);

/* An open tree in a directory of its own (*state is not used).  trees_end removes all. */
tree *tree_new(void);
/* The spec of the last tree_new, or one for another directory. */
struct tree_spec tree_spec_of(const char *directory);
int trees_end(void **state);

/* What tree_send, and tree_send_layer, give; owned by the caller. */
GBytes *tree_sent(tree *t, const char *directory, const char *const *excludes);
GBytes *tree_layer(tree *t, gboolean changes);
void tree_take(tree *t, GBytes *archive);
void tree_take_from(tree *t, GBytes *archive, GError **error);

void tree_text(tree *t, const char *path, const char *text);
void assert_tree_text(tree *t, const char *path, const char *text);
struct tree_stat tree_look(tree *t, const char *path);

/* Runs busybox's sh in the tree as its root directory, by a sandbox; it must end well. */
void tree_shell(tree *t, const char *script);
