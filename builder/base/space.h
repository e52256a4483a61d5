/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* Free space in the host's file systems, and the one place that decides whether one is full. */

/* Bytes that this user may still write to the file system of path (which need not exist: its
 * nearest existing directory counts).  FALSE: not known. */
gboolean space_left(const char *path, guint64 *bytes);

/* Whether both paths are in one file system. */
gboolean space_is_shared(const char *a, const char *b);

/* Whether the file system has no space left: less than any writer of images needs at once. */
gboolean space_is_full(const char *path);

/* "the host's disk is full: the file system of PATH has N left", with the path of what could not be
 * written; and what to do about it.  Owned by the caller. */
char *space_full_cause(const char *path);
char *space_full_remedy(const char *path);
