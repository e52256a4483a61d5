/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "rootfs/holes.h"

#include <gio/gio.h>
#include <sys/stat.h>

/* Writes a pax archive (POSIX.1-2008, pax(1), "pax Interchange Format") to a descriptor.  The bytes
 * depend on the entries alone: numeric owners, one form for each number, sorted attributes.  An
 * entry has extended header records only for what its ustar header cannot hold. */
typedef struct pax pax;

struct pax_entry {
    const char *path;        /* a directory's ends in "/" */
    const char *link;        /* what a symbolic link says, or, with hard, the path of the file */
    gboolean hard;           /* another name of an earlier file; the rest says how that is */
    const GPtrArray *xattrs; /* of struct xattr, sorted; NULL: none */
    const GArray *extents;   /* of struct hole_extent; NULL: a file without holes */
    struct stat st;
};

pax *pax_new(int fd); /* fd stays the caller's */
void pax_free(pax *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pax, pax_free)

/* Errors: of TREE_ERROR.  After pax_put of a regular file comes pax_put_data; or all of its bytes
 * by pax_put_bytes, and pax_put_end. */
gboolean pax_put(pax *p, const struct pax_entry *entry, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The data that the entry has announced: zeros, where the file is shorter by now. */
gboolean pax_put_data(pax *p, const struct pax_entry *entry, int file,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean pax_put_bytes(pax *p, const void *data, gsize size,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean pax_put_end(pax *p, guint64 size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean pax_finish(pax *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes everything to a descriptor, which may be one that does not block; FALSE with errno set. */
gboolean pax_write_all(int fd, const void *data, gsize size) G_GNUC_WARN_UNUSED_RESULT;
