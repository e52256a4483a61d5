/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* What the header of a qcow2 file says about other files, and about features that a reader must
 * know. We read it, not QEMU, because QEMU opens those other files while it reads.  Source: QEMU,
 * docs/interop/qcow2.txt. */

#define QCOW2_HEADER_MOST                                                                          \
    (2u << 20) /* the header lies in the first cluster: cluster_bits <= 21                         \
                */

struct qcow2_header {
    guint32 version;                     /* 2 or 3 */
    guint64 size;                        /* of the disk, bytes */
    char *backing_file, *backing_format; /* printable; NULL: none */
    gboolean backing_plain;              /* the name above is the name to the letter */
    gboolean data_file;                  /* the data is in another file */
    char *data_file_name;                /* printable; NULL: not given */
    gboolean encrypted, corrupt;
    char *unknown; /* unknown incompatible features: "bit 7 (name), bit 9"; NULL: none */
};
void qcow2_header_clear(struct qcow2_header *h);

/* Whether these first bytes of a file are those of a qcow2 image, of whatever version. */
gboolean qcow2_begins(const guint8 *bytes, gsize length);

/* Reads the first bytes of a file (all of it, or QCOW2_HEADER_MOST).  Returns NULL, or why this is
 * no header: a const text that continues "IMAGE ", "is not a qcow2 image".  The caller clears *h in
 * either case. */
const char *qcow2_header_read(const guint8 *bytes, gsize length, struct qcow2_header *h);
