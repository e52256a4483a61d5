/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "rootfs/names.h"
#include "rootfs/queue.h"
#include "rootfs/rootfs.h"

/* Puts packages from a queue into a tree of names, under the rules of a database. */
typedef struct unpacker unpacker;

/* All three must live as long; the caller owns the object. */
unpacker *unpacker_new(const struct rootfs_database *database, names *to, rootfs_queue *from);
void unpacker_free(unpacker *u);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(unpacker, unpacker_free)

/* Makes the merged directories that are there from the beginning. */
gboolean unpacker_merge(const unpacker *u, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes the next package of the queue, which must be this one, and writes its files to their final
 * places. */
gboolean unpacker_take(const unpacker *u, const struct rootfs_package *package,
                       GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* After the last package: lets the database write what remains. */
gboolean unpacker_finish(const unpacker *u, GError **error) G_GNUC_WARN_UNUSED_RESULT;
