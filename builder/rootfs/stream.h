/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "rootfs/names.h"

/* A tree of files as a pax archive (POSIX.1-2008, pax(1)), with numeric owners, times in
 * nanoseconds, extended attributes (LIBARCHIVE.xattr; SCHILY.xattr is read too) and names as bytes,
 * whatever the locale. */

/* ---- writing ---- */

typedef struct pax pax;

/* What is put into its names is written to fd at once.  An entry replaces what earlier ones made at
 * its path, but a directory stays; the entry of a hard link has no metadata of its own.  The caller
 * closes or abandons it; fd stays the caller's. */
pax *pax_open(int fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;
names *pax_names(pax *p); /* belongs to p */
/* Writes the end and frees, also on error. */
gboolean pax_close(pax *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void pax_abandon(pax *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pax, pax_abandon)

/* ---- reading ---- */

/* Puts the files of an archive from an untrusted source, read from fd up to its end, into to.  As
 * it was written: an entry replaces what is there, but a directory stays one and gets the entry's
 * metadata.  Errors of the archive are of INGOT_EXIT_INSTALL. */
gboolean pax_read(int fd, names *to, GCancellable *cancel,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
