/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "rootfs/layout.h"
#include "rootfs/rootfs.h"
#include "stages/stages.h"

/* The first half of an installation by an installer that is given packages.  Private to the room;
 * see build_unpack, too. */

/* The UUID of the root file system: of the same packages the same one, because fstab is part of
 * what recipes with the same packages share. */
void unpack_root_uuid(const media_boot *boot, char uuid[LAYOUT_UUID_BYTES]);

/* The disk that the plan's system will be on. */
struct rootfs_layout unpack_layout(const plan *p, const media_boot *boot);

/* As rootfs_unpack, with the packages of boot.  work_dir: for what does not fit into memory. */
gboolean unpack_archive(const plan *p, const media_boot *boot, const char *work_dir, int fd,
                        progress *reporter, GCancellable *cancel,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
