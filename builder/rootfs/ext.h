/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* Fills a fresh ext4 file system inside an image file, as an ordinary user: libext2fs works on the
 * file itself.  The data of files is written as it comes; names, directories and inodes are kept in
 * memory and written by ext_close.
 *
 * Paths are relative ("usr/bin/vim"), and resolved inside the image as a chroot would: a directory
 * part that is a symbolic link in the image is followed there and never leaves it.  Parents that
 * are not there are made, root's and 0755.  Errors are of INGOT_EXIT_INSTALL. */
typedef struct ext ext;

struct ext_meta {
    guint mode; /* permission bits with setuid, setgid, sticky */
    guint uid, gid;
    gint64 mtime;
    gconstpointer owner; /* what ext_look returns; unknown to the file system */
};

/* Opens the file system that begins at offset (bytes) in image: made by mke2fs and not written to
 * since.  The caller closes or abandons it. */
ext *ext_open(const char *image, guint64 offset, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes the rest.  FALSE: the image is not usable.  Frees in either case.  Nothing is synced. */
gboolean ext_close(ext *e, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Frees; the image is not usable. */
void ext_abandon(ext *e);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ext, ext_abandon)

/* What is at a path; the last part is not followed.  owner may be NULL. */
enum ext_kind { EXT_NONE, EXT_DIRECTORY, EXT_FILE, EXT_LINK };
enum ext_kind ext_look(ext *e, const char *path, gconstpointer *owner);

/* An existing directory, or a link to one, stays as it is: as with dpkg, the first package that
 * ships it decides. */
gboolean ext_directory(ext *e, const char *path, const struct ext_meta *meta,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* An existing file or link is replaced; over a directory, a link is skipped, as dpkg does, and
 * anything else is an error. */
gboolean ext_symlink(ext *e, const char *path, const char *target, const struct ext_meta *meta,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean ext_hard_link(ext *e, const char *path, const char *target,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A file of size bytes, which all follow by ext_file_data before anything else is made. */
gboolean ext_file_begin(ext *e, const char *path, const struct ext_meta *meta, guint64 size,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean ext_file_data(ext *e, const void *data, gsize length,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Checks that all of them have come. */
gboolean ext_file_end(ext *e, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The three in one. */
gboolean ext_file(ext *e, const char *path, const struct ext_meta *meta, const void *data,
                  gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
