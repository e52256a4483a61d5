/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "media/download.h"

/* One try of a download: what libcurl says, sorted by what to do next. */

enum media_verdict {
    MEDIA_DONE,     /* the whole body is in the file, or the server said "not modified" */
    MEDIA_AGAIN,    /* worth another try, which goes on from the bytes that are there */
    MEDIA_AFRESH,   /* worth another try, from the first byte */
    MEDIA_HOPELESS, /* another try would end the same way */
};

struct media_try {
    guint64 have;       /* bytes in the file when the try ended */
    guint wait_seconds; /* what the server asked for (Retry-After), or 0 */
    gboolean resumed;   /* some bytes are of an earlier try */
    gboolean not_modified;
    gboolean absent;       /* 403, 404 or 410, or what FTP and file: URLs say in their place */
    char *etag, *modified; /* of this answer; owned by the caller */
};

/* fd is the partial file, open for reading and writing, with have bytes in it; etag and modified
 * are the validators of these bytes (NULL: none).  on_validators gets those of the new body before
 * its first byte is written.  On every verdict but DONE, *error is set. */
typedef void (*media_validators_fn)(const char *etag, const char *modified, gpointer data);

struct media_resume {
    int fd;
    guint64 have;
    const char *etag, *modified;
    media_validators_fn on_validators;
    gpointer data;
};
enum media_verdict media_transfer(const struct media_download *download,
                                  const struct media_net *net, const struct media_resume *resume,
                                  struct media_try *result,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
