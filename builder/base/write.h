/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* Writes all bytes at a position of a file (pwrite(2)).  FALSE with errno set. */
gboolean write_all_at(int fd, const void *data, gsize length, guint64 at) G_GNUC_WARN_UNUSED_RESULT;
