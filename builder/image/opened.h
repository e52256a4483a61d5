/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "image/image.h"

#include <sys/stat.h>

/* For the files of this room only. */

struct image_file {
    char *path;    /* of an untrusted image: without symbolic links */
    char *format;  /* QEMU's name for it */
    int fd;        /* -1: our own */
    char *backing; /* the file that the image is an overlay of, absolute; NULL: none */
    char *backing_format;
    enum image_flags flags;
    struct stat seen; /* when it was opened */
    char *scratch;
    int scratch_lock;
};

/* Reads what is behind fd as the header of an image like i, and refuses what names other files.
 * *backing and *backing_format get what IMAGE_TRUST_CHAIN lets pass, owned by the caller; relative
 * to the directory of i. */
gboolean image_judge(const image_file *i, int fd, char **backing, char **backing_format,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether nobody has written to what was opened, or changed its owner, mode or names. */
gboolean image_is_untouched(const image_file *i);

/* fd as QEMU's "json:" file name: an image of the format of i without a backing file, or with that
 * of i and no other, whatever its header says then.  Owned by the caller. */
char *image_json_name(const image_file *i, int fd);
