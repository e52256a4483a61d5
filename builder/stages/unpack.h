/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "rootfs/rootfs.h"
#include "stages/stages.h"

/* The first half of an installation by an installer that is given packages.  Private to the room;
 * see build_unpack, too. */

/* As rootfs_unpack, with the packages of boot. */
gboolean unpack_archive(const plan *p, const media_boot *boot, int fd, progress *reporter,
                        GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;
