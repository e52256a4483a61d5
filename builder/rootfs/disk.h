/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* The raw image around the file system: made by the usual programs, which work on a file. */

struct disk_layout {
    guint64 size;
    gboolean efi;     /* as in struct rootfs_spec */
    const char *uuid; /* of the root file system, and an MBR's signature begins like it; NULL: any
                       */
};

/* Makes a sparse file of that size with partitions and empty file systems.  *offset: where the root
 * file system begins, in bytes. */
gboolean disk_make(const char *raw, const struct disk_layout *layout, guint64 *offset,
                   GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes an image of that format (QEMU's name) of it. */
gboolean disk_convert(const char *raw, const char *image, const char *format, GCancellable *cancel,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
