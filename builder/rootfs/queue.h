/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "media/media.h"

#include <archive.h>

/* Packages taken apart ahead of who wants them, in threads: decompressing is most of the work, and
 * every package is on its own.  They are handed over in order, and what waits is kept below a
 * number of bytes: a large package flows through. */
typedef struct rootfs_queue rootfs_queue;

/* The queue keeps paths; it holds budget bytes at most, and one piece more per thread. */
rootfs_queue *rootfs_queue_new(const struct media_format *format, const char *const *paths, gsize n,
                               guint threads, gsize budget);
void rootfs_queue_free(rootfs_queue *q);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rootfs_queue, rootfs_queue_free)

/* Goes on to the next package; *head gets its head, owned by the queue until the next call.  Call
 * it once for each path. */
gboolean rootfs_queue_next(rootfs_queue *q, gconstpointer *head, GCancellable *cancel,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The path of the package at hand. */
const char *rootfs_queue_path(const rootfs_queue *q);

/* The files of the package at hand, freed by the caller (archive_read_free) before
 * rootfs_queue_next; reading notices a cancel. */
struct archive *rootfs_queue_open(rootfs_queue *q, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* After the last entry: reads to the end, so that a damaged end is found; or, after a failure of
 * the archive, says what it was. */
gboolean rootfs_queue_finish(rootfs_queue *q, struct archive *a, int code,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
