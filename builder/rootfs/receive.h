/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* The whole of what tree_receive does, in the server.  root: the open directory, which no entry
 * leaves; both descriptors stay the caller's. */
gboolean receive_all(int root, int fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;
