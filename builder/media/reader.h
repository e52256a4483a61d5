/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "media/media.h"

#include <archive.h>
#include <archive_entry.h>

/* The entries of a medium, one after another, whatever its kind: tar, ISO 9660, the files of a
 * package, or a directory. */
typedef struct media_reader media_reader;

/* source: a regular file, a block device or a directory; name: its name in messages; format: the
 * kind of package that it may be, NULL: none.  cancel and format are borrowed. */
media_reader *media_reader_open(const char *source, const char *name,
                                const struct media_format *format, GCancellable *cancel,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
void media_reader_free(media_reader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(media_reader, media_reader_free)

struct media_entry {
    char *path;       /* as in the medium, without leading "./" and "/"; owned by the struct */
    const char *link; /* target of a link, or NULL; valid until the next entry */
    gboolean hard;    /* the link is a hard link: its target counts from the top */
    gboolean regular; /* a regular file with its own data */
    guint64 size;
};

/* The next entry that has a usable path.  FALSE with *error unset: there is none. */
gboolean media_reader_next(media_reader *reader, struct media_entry *entry,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads data of the current entry; 0: its end, -1: *error is set. */
gssize media_reader_data(media_reader *reader, void *buffer, gsize size,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
