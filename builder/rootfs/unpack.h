/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "rootfs/ext.h"
#include "rootfs/queue.h"

/* Writes the files of the package at hand in the queue; fills files, conffiles and sums of p, and
 * lost of packages whose files it takes over.  As dpkg does, but into the places where the files
 * are to be: there is no configuration file yet whose changes could get lost. */
gboolean unpack_files(deb_unpacked *p, ext *to, deb_queue *from,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
