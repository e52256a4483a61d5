/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>
#include <sys/stat.h>

/* Files with several names, by what they are. */
GHashTable *inodes_new(void); /* to a path, which it owns, or NULL */
/* FALSE: it has been there, and *earlier (may be NULL) is the path that came with it. */
gboolean inodes_add(GHashTable *inodes, const struct stat *st, const char *path,
                    const char **earlier);
gboolean inodes_has(GHashTable *inodes, const struct stat *st);
