/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "media/media.h"
#include "rootfs/layout.h"

/* Makes root file systems, as an ordinary user: from packages a disk, or an archive of the same
 * files; and a disk from an archive.  Files go straight into the disk image, and nothing of a
 * package is run.  The record of a packaging system
 * (struct rootfs_database) reads the packages' heads, decides about files that two packages have,
 * and writes its database. */

/* Where a database writes its own files.  Paths are below the root of the new system and have no
 * leading '/'. */
struct rootfs_sink {
    gboolean (*file)(gpointer to, const char *path, guint mode, gint64 mtime, const void *data,
                     gsize size, GError **error);
    gboolean (*directory)(gpointer to, const char *path, gint64 mtime, GError **error);
    gboolean (*exists)(gpointer to, const char *path);
};

struct rootfs_package {
    const char *name, *path; /* its name, and its verified file */
    guint order;             /* the lowest first; within one order, the largest first */
    gboolean automatic;      /* only a dependency */
};

/* What happens to an entry if another package has one at the same path. */
struct rootfs_place {
    char *at;        /* where the entry goes; NULL: nowhere */
    char *aside;     /* where the other package's entry goes first; NULL: it stays */
    gboolean listed; /* the database lists the entry for its package */
};

/* A top-level directory NAME that is a link to usr/NAME. */
struct rootfs_merged {
    const char *name; /* NULL ends a list */
    gboolean always;  /* made in every system; else only if a package puts something into it */
};

/* The database of a packaging system.  All functions are called in the thread of rootfs_make: open;
 * for each package begin, those about its entries, and end; finish after the last one; close in any
 * case. */
struct rootfs_database {
    const struct media_format *format;
    const struct rootfs_merged *merged;
    GChecksumType digest; /* the algorithm of digested */
    /* The sink and its target outlive the database.  The caller closes what is returned. */
    gpointer (*open)(const struct rootfs_sink *sink, gpointer to);
    void (*close)(gpointer database);
    /* Returns the owner of the package's files, which belongs to the database; head is what the
     * format read before them.  NULL on error. */
    gpointer (*begin)(gpointer database, const struct rootfs_package *package, gconstpointer head,
                      GError **error);
    /* Settles an entry of owner, not a directory, at a path where other already has one.  By
     * default it replaces the other one: place contains the path as at, and listed is set. */
    gboolean (*dispute)(gpointer owner, gpointer other, const char *path,
                        struct rootfs_place *place, GError **error);
    /* Owner has an entry at path; "" is the root. */
    void (*listed)(gpointer owner, const char *path);
    /* Whether the digest of the file at path is wanted; digested is then called with it. */
    gboolean (*wants_digest)(gpointer owner, const char *path);
    void (*digested)(gpointer owner, const char *path, const char *hex);
    gboolean (*end)(gpointer database, gpointer owner, gconstpointer head, GError **error);
    gboolean (*finish)(gpointer database, GError **error);
};

/* Packages and the packaging system that they are of. */
struct rootfs_content {
    const struct rootfs_database *database;
    const struct rootfs_package *packages;
    gsize n_packages;
    const char *work_dir; /* for what does not fit into memory, as a file without a name */
};

struct rootfs_spec {
    const char *image;  /* to make; must not exist */
    const char *format; /* of the image, QEMU's name */
    struct rootfs_layout layout;
    /* Its work_dir is private, and has the raw image: the same file system is faster. */
    struct rootfs_content content;
};

/* Makes the image.  Errors are of INGOT_EXIT_MEDIA (a package is damaged or hostile),
 * INGOT_EXIT_INSTALL (it does not fit) or INGOT_EXIT_HOST.  On error or cancel nothing is left.
 * Call it from the main thread: it starts programs. */
gboolean rootfs_make(const struct rootfs_spec *spec, progress *p, GCancellable *cancel,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Unpacks the same files as a pax archive to fd, which it closes, also on error: numeric owners,
 * hard links, times in nanoseconds, names as bytes.  Extracted into an empty directory, it gives
 * the same tree: an entry replaces what earlier ones made at its path, but a directory stays; the
 * root itself has no entry, and that of a hard link no metadata.  Any thread may call it.  Errors
 * as rootfs_make; INGOT_EXIT_HOST if nobody reads any more. */
gboolean rootfs_unpack(const struct rootfs_content *content, int fd, progress *p,
                       GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct rootfs_disk {
    const char *image;           /* to make, raw and sparse; must not exist */
    struct rootfs_layout layout; /* efi is refused; uuid is given */
    GBytes *boot, *core; /* GRUB for BIOS, boot.img and core.img, both untrusted; NULL: none */
};

/* Makes a disk as rootfs_make does, with the files of a pax archive from an untrusted source.
 * Reads fd to its end, unless an error comes first, and closes it.  Devices, FIFOs, hard links,
 * times in nanoseconds, extended attributes and ACLs (LIBARCHIVE.xattr or SCHILY.xattr) are kept;
 * an entry for the root directory gives it its metadata.  Errors are of INGOT_EXIT_INSTALL (the
 * archive is damaged, or does not fit) or INGOT_EXIT_HOST.  On error or cancel nothing is left.
 * Call it from the main thread. */
gboolean rootfs_write_disk(const struct rootfs_disk *disk, int fd, GCancellable *cancel,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
