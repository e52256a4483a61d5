/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

struct archive_entry;

/* The extended attributes that belong to a file wherever it is: user.*, capabilities and access
 * control lists; neither labels of the host's security module nor what a file system keeps. */

struct xattr {
    char *name;
    GBytes *value;
};

gboolean xattrs_belongs(const char *name);

/* Of struct xattr, to be freed with g_ptr_array_unref; xattrs_add copies. */
GPtrArray *xattrs_new(void);
void xattrs_add(GPtrArray *to, const char *name, const void *value, gsize size);

/* Those of an open file, by name, as GPtrArray of struct xattr; NULL with errno set. */
GPtrArray *xattrs_read(int fd);

/* Gives an open file those of an entry and no others.  Call it after chown(2), which takes
 * capabilities away.  FALSE with errno set. */
gboolean xattrs_write(int fd, struct archive_entry *entry) G_GNUC_WARN_UNUSED_RESULT;
