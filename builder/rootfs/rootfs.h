/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "media/media.h"

/* A disk with a root file system made of packages, as an ordinary user: their files are unpacked
 * straight into a disk image.  What a package is, whose a file is that two of them have, and what
 * is written down of all that, the record of a packaging system says; nothing of a package is run.
 */

/* Where such a record writes files of its own: below the root of the new system, paths without
 * leading '/'. */
struct rootfs_sink {
    gboolean (*file)(gpointer to, const char *path, guint mode, gint64 mtime, const void *data,
                     gsize size, GError **error);
    gboolean (*directory)(gpointer to, const char *path, gint64 mtime, GError **error);
    gboolean (*exists)(gpointer to, const char *path);
};

struct rootfs_package {
    const char *name, *path; /* what it is called, and its verified file */
    guint order;             /* the lowest first; of the same, the largest first */
    gboolean automatic;      /* nobody asked for it by name */
};

/* Where an entry goes of which another package has one at the same path. */
struct rootfs_place {
    char *at;        /* its path; NULL: it is left out */
    char *aside;     /* where the other one goes; NULL: it is replaced, if at is the path */
    gboolean listed; /* the package is said to have it */
};

/* A top-level directory that is a link to the one of the same name in usr: from the beginning, or
 * made before something is put into it. */
struct rootfs_merged {
    const char *name; /* NULL ends a list */
    gboolean always;
};

/* The database of a packaging system.  All functions are called in the thread of rootfs_make, in
 * this order: open, for every package begin, what its entries ask for, end, and then finish. */
struct rootfs_database {
    const struct media_format *format;
    const struct rootfs_merged *merged;
    GChecksumType digest; /* what digested gets */
    /* The sink and what it writes to live longer than what is returned, which close frees. */
    gpointer (*open)(const struct rootfs_sink *sink, gpointer to);
    void (*close)(gpointer database);
    /* What owns the files of the package, until close; head: what the format has read of it. */
    gpointer (*begin)(gpointer database, const struct rootfs_package *package, gconstpointer head,
                      GError **error);
    /* What becomes of an entry of owner that is no directory when other has one at the path; place
     * has the path, and the entry listed. */
    gboolean (*dispute)(gpointer owner, gpointer other, const char *path,
                        struct rootfs_place *place, GError **error);
    /* The package has an entry; "" is the root. */
    void (*listed)(gpointer owner, const char *path);
    /* Whether the digest of a file is wanted; and what it is. */
    gboolean (*wants_digest)(gpointer owner, const char *path);
    void (*digested)(gpointer owner, const char *path, const char *hex);
    gboolean (*end)(gpointer database, gpointer owner, gconstpointer head, GError **error);
    gboolean (*finish)(gpointer database, GError **error);
};

struct rootfs_spec {
    const char *image;    /* to make; must not exist */
    const char *format;   /* of the image, QEMU's name */
    const char *work_dir; /* private directory for the raw image: the same file system is faster */
    guint64 size;         /* of the disk in bytes */
    gboolean efi; /* GPT with an EFI system partition and the root file system as partition 2;
                   * else MBR with the root file system as its one partition, bootable */
    const struct rootfs_database *database;
    const struct rootfs_package *packages;
    gsize n_packages;
};

/* Makes the image.  Errors are of INGOT_EXIT_MEDIA (a package is damaged or hostile),
 * INGOT_EXIT_INSTALL (it does not fit) or INGOT_EXIT_HOST.  On error or cancel nothing stays
 * behind.  Call it from the main thread: it starts programs. */
gboolean rootfs_make(const struct rootfs_spec *spec, progress *p, GCancellable *cancel,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
