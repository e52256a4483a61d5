/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

struct hole_extent {
    guint64 offset, length;
};

/* Where an open file has data: GArray of struct hole_extent.  A hole is a run of zeros of at least
 * HOLES_MIN bytes, whether the file system has stored it or not, so that copies of a file are sent
 * alike.  NULL: it has no hole, or cannot be read. */
#define HOLES_MIN (1u << 20)
GArray *holes_find(int fd, guint64 size);
