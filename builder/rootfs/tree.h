/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The room's second public header: for those who have a tree and no packages. */
#include "sandbox/sandbox.h"

/* A root file system as a tree of files on the host, with its owners, modes, times, links and
 * extended attributes.  Its files belong to sub-UIDs and their contents are untrusted, so ingot
 * does not touch them itself: a process of its own (ingot started as TREE_SERVER, in a sandbox,
 * with the tree as its root directory) does, and is asked over a socket.  Paths are absolute in the
 * tree, and links in it lead nowhere else.
 *
 * An error is of TREE_ERROR, with an errno as its code, when a call on a file failed: the stage
 * decides what exit code that is.  It is of INGOT_EXIT_HOST when the host is at fault (its disk is
 * full), and of INGOT_EXIT_SEAL when the server has died or broken the protocol; after that, and
 * after a cancelled call, every call fails.  Messages do not name the operation: callers prefix
 * what they wanted.  Calls from several threads wait for each other. */
typedef struct tree tree;

#define TREE_WHITEOUT ".wh." /* tree_receive */

#define TREE_ERROR (tree_error_quark())
GQuark tree_error_quark(void);

#define TREE_SERVER "ingot-tree"
/* main() of ingot when the last part of argv[0] is TREE_SERVER: serves descriptor 3 until it is
 * closed, with root, its only argument, as its root directory.  The program's exit code. */
int tree_serve(const char *root);

struct tree_spec {
    const char *directory;  /* made when it is not there */
    enum sandbox_kind kind; /* of sandbox_probe */
    const char *program;    /* ingot; NULL: the running program */
};

/* One tree may have several servers, one after the other.  The caller owns it; closing leaves the
 * files, tree_remove removes them.  Call it from the main thread; cancel ends calls too. */
tree *tree_open(const struct tree_spec *spec, GCancellable *cancel,
                GError **error) G_GNUC_WARN_UNUSED_RESULT;
void tree_close(tree *t); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tree, tree_close)
gboolean tree_remove(const struct tree_spec *spec, GError **error) G_GNUC_WARN_UNUSED_RESULT;

int tree_errno(const GError *error); /* 0: it was not the tree's system call */

struct tree_stat {
    guint mode; /* with the type; 0: nothing is there */
    guint uid, gid, links;
    guint64 size, inode, device;
    gint64 mtime;
    guint mtime_nsec;
};

/* No file is no error: mode 0.  follow: the last part too. */
gboolean tree_stat(tree *t, const char *path, gboolean follow, struct tree_stat *info,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Several names of one directory, not followed: an array of struct tree_stat, of the same length.
 */
GArray *tree_stat_list(tree *t, const char *directory, const char *const *names,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The names in a directory, without "." and "..", sorted. */
char **tree_list(tree *t, const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* glob(3) with GLOB_BRACE and GLOB_MARK. */
char **tree_glob(tree *t, const char *pattern, GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *tree_readlink(tree *t, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* At most size bytes at offset; fewer at the end.  Regular files only. */
GBytes *tree_read(tree *t, const char *path, guint64 offset, gsize size,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Makes (0644) or overwrites a regular file; an existing one keeps owner and mode. */
gboolean tree_write(tree *t, const char *path, const void *data, gsize size,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean tree_truncate(tree *t, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A tree whole, links as links; absence is no error.  all FALSE: no directory. */
gboolean tree_unlink(tree *t, const char *path, gboolean all,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean tree_mkdirs(tree *t, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean tree_chmod(tree *t, const char *path, guint mode,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean tree_chown(tree *t, const char *path, guint uid, guint gid,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* replace: what is there, unless it is a directory. */
gboolean tree_symlink(tree *t, const char *target, const char *path, gboolean replace,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Bytes of all files without their holes, in blocks of 4096 with one block more for each file: more
 * than a file system needs. */
gboolean tree_usage(tree *t, guint64 *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- streams ---- */

/* What is written to fd while it comes; the descriptor is closed by the callee, also on error.  All
 * return at the end of the stream. */

/* Everything below directory as a pax archive (POSIX.1-2008 pax(1), with SCHILY.xattr, numeric
 * owners, hard links, times in nanoseconds), in strcmp order within each directory, "./" first.
 * Equal trees give the same bytes, whatever they lie on: a run of at least a MiB of zeros is a hole
 * (GNU tar's format 1.0 of sparse files).  Sockets are left out.  excludes: patterns of tar(1) for
 * paths that begin with "./", or NULL. */
gboolean tree_send(tree *t, const char *directory, const char *const *excludes, int fd,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The paths of everything below a directory, each up to a NUL and without the directory. */
gboolean tree_send_names(tree *t, const char *directory, int fd,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Unpacks an archive (tar; gzip, bzip2, xz, lzma, zstd, lz4 or none) below directory.  An entry
 * replaces what is there, but a directory stays one, and gets the entry's owner, mode and times.  A
 * path through a link, and a device, is an error.  ".wh.NAME" removes NAME, and
 * ".wh..wh..opq" all that its directory had before (OCI image-spec v1.1, layer.md, "Whiteouts"). */
gboolean tree_receive(tree *t, const char *directory, int fd,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- layers ---- */

/* Remembers how the tree is now. */
gboolean tree_mark(tree *t, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What has changed since tree_mark, as tree_send, with whiteouts for what has gone: put on top of
 * the marked tree, it gives this one.  changes FALSE: all of the tree.  A name that begins with
 * ".wh." is an error. */
gboolean tree_send_layer(tree *t, gboolean changes, int fd,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
