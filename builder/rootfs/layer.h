/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The room's third public header: trees as files to keep. */
#include "base/digest.h"
#include "rootfs/tree.h"

/* A layer is a file that belongs to the caller: a tree, or what has changed in it since tree_mark,
 * as a pax archive with whiteouts, compressed by zstd.  It says nothing about UIDs of the host or
 * about the file system that the tree was on.  Equal trees give the same bytes (with the same
 * libzstd), whenever, wherever and on however many processors they are saved. */
struct layer {
    char sha256[DIGEST_HEX_LEN + 1]; /* of the file */
    guint64 size;                    /* of the file */
    guint64 unpacked;                /* of the archive */
};

/* Writes a new file, synced, which gets its name when it is complete; one that is there is
 * replaced. changes: since tree_mark.  layer may be NULL.  Errors: tree_send_layer's; of
 * INGOT_EXIT_HOST when the file cannot be written. */
gboolean layer_save(tree *t, gboolean changes, const char *path, struct layer *layer,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Puts layers on top of each other, and the first on top of what is in the tree; NULL ends the
 * list.  Damage that zstd or tar notices is an error; digests are the caller's business.  Errors:
 * tree_receive's; of INGOT_EXIT_HOST when a file cannot be read. */
gboolean layer_put(tree *t, const char *const *paths, GError **error) G_GNUC_WARN_UNUSED_RESULT;
