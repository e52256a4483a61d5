/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* How a tree was at some time, in the server: for each path its inode and when the kernel last saw
 * it change (ctime, which no program can set).  About 50 bytes for each path. */
typedef struct mark mark;

/* root: the open directory; the caller owns the object. */
mark *mark_take(int root, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mark_free(mark *m);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(mark, mark_free)

/* What has changed since as an archive with whiteouts; m NULL: all that is there.  A name that
 * would be taken for a whiteout is an error. */
gboolean mark_send(const mark *m, int root, int fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;
