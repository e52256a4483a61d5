/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "rootfs/layout.h"

#include <gio/gio.h>

/* The raw image around the file system: made by the usual programs, which work on a file. */

/* Makes a sparse file of the disk's size with partitions and empty file systems.  *offset: where
 * the root file system begins, in bytes. */
gboolean disk_make(const char *raw, const struct rootfs_layout *layout, guint64 *offset,
                   GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes an image of that format (QEMU's name) of it. */
gboolean disk_convert(const char *raw, const char *image, const char *format, GCancellable *cancel,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
