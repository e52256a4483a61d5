/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "debian/debian.h"

#include <archive.h>

/* Packages taken apart ahead of who wants them, in threads: decompressing is most of the work, and
 * every package is on its own.  They are handed over in order, and what waits is kept below a
 * number of bytes: a large package flows through. */
typedef struct deb_queue deb_queue;

/* The queue keeps paths; it holds budget bytes at most, and one piece more per thread. */
deb_queue *deb_queue_new(const char *const *paths, gsize n, guint threads, gsize budget);
void deb_queue_free(deb_queue *q);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(deb_queue, deb_queue_free)

/* Goes on to the next package and returns its control files, owned by the queue until the next
 * call.  Call it once for each path. */
const GPtrArray *deb_queue_next(deb_queue *q, GCancellable *cancel,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The path of the package at hand. */
const char *deb_queue_path(const deb_queue *q);

/* The data.tar of the package at hand, freed by the caller (archive_read_free) before
 * deb_queue_next; reading notices a cancel. */
struct archive *deb_queue_open(deb_queue *q, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* After the last entry: reads to the end, so that a damaged end is found; or, after a failure of
 * the archive, says what it was. */
gboolean deb_queue_finish(deb_queue *q, struct archive *a, int code,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
