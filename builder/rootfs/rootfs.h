/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/progress.h"

#include <gio/gio.h>

/* A disk with a root file system made of .deb files, as an ordinary user: the packages are unpacked
 * straight into a disk image, and dpkg's database stands as after `dpkg --unpack`.  Maintainer
 * scripts are not run: a guest does that, beginning with the preinst of each package. */

struct rootfs_deb {
    const char *name, *path; /* the package, and its verified .deb file */
    gboolean automatic;      /* gets apt's auto-installed mark */
};

struct rootfs_spec {
    const char *image;    /* to make; must not exist */
    const char *format;   /* of the image, QEMU's name */
    const char *work_dir; /* private directory for the raw image: the same file system is faster */
    guint64 size;         /* of the disk in bytes */
    gboolean efi; /* GPT with an EFI system partition and the root file system as partition 2;
                   * else MBR with the root file system as its one partition, bootable */
    const struct rootfs_deb *debs;
    gsize n_debs;
};

/* The file in the image that lists the packages in the order in which their preinst scripts run:
 * one line "NAME ARCH STEM" each, STEM being the name of its files in var/lib/dpkg/info. */
#define ROOTFS_ORDER "var/lib/ingot/order"

/* Makes the image.  All packages are unpacked; ROOTFS_ORDER has those first that others pre-depend
 * on.  Errors are of INGOT_EXIT_MEDIA (a package is damaged or hostile), INGOT_EXIT_INSTALL (it
 * does not fit) or INGOT_EXIT_HOST.  On error or cancel nothing stays behind.  Call it from the
 * main thread: it starts programs. */
gboolean rootfs_make(const struct rootfs_spec *spec, progress *p, GCancellable *cancel,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
