/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "rootfs/names.h"

/* Names (names.h) whose files go to a pax archive, and an archive whose files are put into names.
 */

/* ---- writing ---- */

typedef struct files_stream files_stream;

/* What is put into its names is written to fd, and not read back: an entry replaces what earlier
 * ones made at its path, but a directory stays; that of a hard link has no metadata of its own.
 * The caller owns it; fd stays the caller's. */
files_stream *files_stream_new(int fd);
names *files_stream_names(files_stream *s); /* belongs to s */
/* Writes the end. */
gboolean files_stream_finish(files_stream *s, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void files_stream_free(files_stream *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(files_stream, files_stream_free)

/* ---- reading ---- */

/* Puts the files of an archive from an untrusted source, read from fd up to its end, into to.  As
 * it was written: an entry replaces what is there, but a directory stays one and gets the entry's
 * metadata.  Errors of the archive are of INGOT_EXIT_INSTALL. */
gboolean files_stream_read(int fd, names *to, GCancellable *cancel,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
