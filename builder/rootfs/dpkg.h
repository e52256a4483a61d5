/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "rootfs/ext.h"
#include "rootfs/queue.h"

/* Packages, with dpkg's and apt's databases (deb_database), into a file system. */
typedef struct dpkg_db dpkg_db;

/* Writes to a file system that must live as long; the caller owns the object. */
dpkg_db *dpkg_db_new(ext *to);
void dpkg_db_free(dpkg_db *db);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(dpkg_db, dpkg_db_free)

/* Takes the next package of the queue, which must have this name: its files, and what of the
 * database is its own. */
gboolean dpkg_db_unpack(dpkg_db *db, deb_queue *from, const char *name, gboolean automatic,
                        GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes the rest after the last package, and ROOTFS_ORDER. */
gboolean dpkg_db_finish(dpkg_db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;
