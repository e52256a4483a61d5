/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "image/handle.h"

/* Archives and lists of the guest's files, read while they come; and archives put into it. */

/* Reads the descriptor on a thread of its own, to the end or until it fails; the descriptor is the
 * caller's. */
typedef gboolean (*stream_reader)(int fd, gpointer data, GError **error);

/* A directory as a tar stream with numeric owners.  excludes: patterns of tar(1) for paths that
 * begin with "./", NULL-terminated; NULL: none.  If the reader fails, the stream is ended: there
 * may be terabytes left. */
gboolean guest_stream_tar(guest *g, const char *directory, char *const *excludes,
                          stream_reader reader, gpointer data,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The paths of everything below a directory, each up to a NUL and without the directory. */
gboolean guest_stream_names(guest *g, const char *directory, stream_reader reader, gpointer data,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Unpacks a tar, from where fd is, over what is in a directory, which is made when it is not there.
 * In a tree, names that begin with ".wh." are whiteouts (tree_receive).  The error is the reason
 * only: the caller knows what it copies. */
gboolean guest_unpack(guest *g, int fd, const char *directory,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
