/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "rootfs/names.h"

/* Fills a fresh ext4 file system inside an image file, as an ordinary user: libext2fs works on the
 * file itself.  Files are written as they come; directories are kept in memory (names.h) and
 * written by ext_close. */
typedef struct ext ext;

/* Opens the file system that begins at offset (bytes) in image: made by mke2fs and not written to
 * since.  The caller closes or abandons it. */
ext *ext_open(const char *image, guint64 offset, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Where to put the files; belongs to e. */
names *ext_names(ext *e);

/* Writes the rest.  FALSE: the image is not usable.  Frees in either case.  Nothing is synced. */
gboolean ext_close(ext *e, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Frees; the image is not usable. */
void ext_abandon(ext *e);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ext, ext_abandon)
