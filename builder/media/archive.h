/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "media/media.h"

/* Single files out of media: a package, an ISO 9660 image or drive, a tar, or a plain directory,
 * read by libarchive in this process; no program is run and nothing is unpacked beside the files
 * that were asked for. */

struct media_pick {
    const char *glob; /* fnmatch(3) on the path inside, which has no leading "/" or "./" */
    const char *what; /* "kernel": its name in messages */
    const char *out;  /* the file to write; must not exist */
    char *member;     /* result: the path inside that was taken; owned by the caller */
};

/* Writes the one file of source (name: source in messages; format: the kind of package that it may
 * be, NULL: none) that each glob matches; a matched link is followed inside the medium only. No
 * match, or more than one, is an error that lists what there is.  Refused: files over 1 GiB, media
 * that unpack to more than 16 GiB or hold more than a million entries, loops of links. Errors are
 * of INGOT_EXIT_MEDIA; on error no output file is left. */
gboolean media_archive_pick(const char *source, const char *name, const struct media_format *format,
                            struct media_pick *picks, gsize n, GCancellable *cancel,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
