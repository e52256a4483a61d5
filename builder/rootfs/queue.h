/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "media/media.h"

#include <archive.h>

/* Packages decompressed in threads, ahead of the consumer: decompressing is most of the work, and
 * each package is independent.  They are delivered in order, and the bytes that wait are limited: a
 * large package flows through. */
typedef struct rootfs_queue rootfs_queue;

/* The queue keeps paths; it holds budget bytes at most, and one piece more per thread. */
rootfs_queue *rootfs_queue_new(const struct media_format *format, const char *const *paths, gsize n,
                               guint threads, gsize budget);
void rootfs_queue_free(rootfs_queue *q);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rootfs_queue, rootfs_queue_free)

/* While the consumer waits for the package at hand, later ones go on over the budget to a file in
 * this directory, which has no name.  Without it, or if it cannot be written, they wait. */
void rootfs_queue_overflow(rootfs_queue *q, const char *directory);

/* Advances to the next package; *head is set to its head, owned by the queue until the next call.
 * Call it once for each path. */
gboolean rootfs_queue_next(rootfs_queue *q, gconstpointer *head, GCancellable *cancel,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The path of the package at hand. */
const char *rootfs_queue_path(const rootfs_queue *q);

/* The files of the package at hand, freed by the caller (archive_read_free) before
 * rootfs_queue_next; reading notices a cancel. */
struct archive *rootfs_queue_open(rootfs_queue *q, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* After the last entry: reads to the end, so that a damaged end is found; or, after an error of the
 * archive, reports what it was. */
gboolean rootfs_queue_finish(rootfs_queue *q, struct archive *a, int code,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
