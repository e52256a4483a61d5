/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "rootfs/scan.h"

/* A tree as a pax archive, in the server. */
typedef struct sender sender;

sender *sender_new(int fd); /* fd stays the caller's */
void sender_free(sender *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sender, sender_free)

/* Writes an entry; a socket has none, and neither has what is gone by now. */
gboolean sender_put(sender *s, const struct scan_node *node,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* An empty file of this name in the directory. */
gboolean sender_put_whiteout(sender *s, const char *directory, const char *name,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean sender_finish(sender *s, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The whole of what tree_send, tree_send_names and tree_usage do.  root: the open directory. */
gboolean send_all(int root, const char *const *excludes, int fd,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean send_names(int root, int fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean send_usage(int root, guint64 *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
