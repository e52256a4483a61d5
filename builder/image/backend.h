/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "image/disk.h"
#include "image/files.h"

/* What a guest's files are in, as a record of functions; for the files of this room only.  The
 * functions of files.h, stream.h, disk.h and program.h are the same for every backend and call
 * these.  Paths are absolute in the guest, and links lead nowhere else.  An error is the reason
 * only ("No such file or directory"): callers put what they wanted before it, by guest_fail, which
 * makes one of INGOT_EXIT_SEAL of what has no exit code. */

struct guest_backend {
    /* No file, a file in the place of a directory and a circle of links are no error: mode 0.
     * follow: the last part too. */
    gboolean (*stat)(guest *g, const char *path, gboolean follow, struct guest_stat *info,
                     GError **error);
    /* Of several names of one directory, not followed: struct guest_stat, in their order. */
    GArray *(*stat_list)(guest *g, const char *directory, char *const *names, GError **error);
    char **(*list)(guest *g, const char *directory, GError **error); /* sorted */
    char **(*glob)(guest *g, const char *pattern, GError **error);   /* GLOB_BRACE | GLOB_MARK */
    /* What is no link is no error: *target NULL. */
    gboolean (*readlink)(guest *g, const char *path, char **target, GError **error);
    /* At most size bytes of a regular file; fewer at its end. */
    char *(*read)(guest *g, const char *path, gint64 offset, gsize size, gsize *got,
                  GError **error);
    gboolean (*write)(guest *g, const char *path, const char *text, GError **error);
    gboolean (*truncate)(guest *g, const char *path, GError **error);
    /* Absence is no error.  all: a tree whole; else no directory. */
    gboolean (*remove)(guest *g, const char *path, gboolean all, GError **error);
    gboolean (*mkdirs)(guest *g, const char *path, GError **error);
    gboolean (*chmod)(guest *g, const char *path, guint mode, GError **error);
    gboolean (*chown)(guest *g, const char *path, guint uid, guint gid, GError **error);
    gboolean (*symlink)(guest *g, const char *target, const char *path, GError **error);

    /* Streams to and from a descriptor, which stays the caller's.  G_IO_ERROR_CLOSED: the reader
     * wanted no more. */
    gboolean (*send_tar)(guest *g, const char *directory, char *const *excludes, int fd,
                         GError **error);
    gboolean (*send_names)(guest *g, const char *directory, int fd, GError **error);
    gboolean (*receive_tar)(guest *g, const char *directory, int fd, GError **error);
    /* From the reader's thread: ends the stream.  NULL: closing the other end does that. */
    void (*stop)(guest *g);

    /* NULL: programs of the guest cannot be run. */
    gboolean (*upload)(guest *g, const char *local, const char *path, GError **error);
    char *(*shell)(guest *g, const char *commands, GError **error);

    /* Finds and mounts the system; fills filesystems, mountpoints, format and the facts. */
    gboolean (*inspect)(guest *g, GError **error);
    gboolean (*packages)(guest *g, GPtrArray *packages, GError **error);
    gboolean (*sizes)(guest *g, guint64 *disk, guint64 *used, GError **error);

    char *(*table)(guest *g);
    GPtrArray *(*partitions)(guest *g, GError **error);
    char *(*filesystem_type)(guest *g, const char *device);
    char *(*filesystem_uuid)(guest *g, const char *device);
    /* These may be NULL: there is nothing to do. */
    gboolean (*renew_uuids)(guest *g, const char *const *types, GPtrArray *renewed, GError **error);
    gboolean (*renew_lvm)(guest *g, GError **error);
    gboolean (*trim)(guest *g, GError **error);

    /* These, too. */
    gboolean (*limit_error)(guest *g, GError **error);
    gboolean (*shutdown)(guest *g, GError **error);
    void (*close)(guest *g);
};

extern const struct guest_backend guest_in_appliance, guest_in_tree;
