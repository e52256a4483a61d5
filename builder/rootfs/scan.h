/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>
#include <sys/stat.h>

/* A walk over a tree of hostile files, in the server: directories are opened one below the other
 * and never through links, names come in strcmp order within each directory, and a directory comes
 * before what is in it. */

/* Of TREE_ERROR, with the system's text for the code. */
void scan_set_error(GError **error, int code, const char *path);

#define SCAN_DEPTH_MAX 1000u /* each level has a descriptor open; a path has PATH_MAX bytes */

struct scan_node {
    struct scan_node *up; /* its directory; NULL: it is the root */
    int at;               /* the open directory that has it; of the root: itself */
    const char *name;     /* of the root "." */
    const char *path;     /* "./etc/passwd"; of the root "." */
    struct stat st;
    /* the visitor's own */
    guint mark, next;
    gboolean sent;
};

enum scan_step { SCAN_ON, SCAN_SKIP, SCAN_STOP };

struct scan_visitor {
    /* SCAN_SKIP: not what is in it; SCAN_STOP: with an error set. */
    enum scan_step (*visit)(gpointer data, struct scan_node *node, GError **error);
    /* After everything in a directory that was visited with SCAN_ON; may be NULL. */
    gboolean (*leave)(gpointer data, struct scan_node *node, GError **error);
    gpointer data;
};

/* root: a directory, which stays the caller's. */
gboolean scan_tree(int root, const struct scan_visitor *visitor,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The names in a directory without "." and "..", in strcmp order, as GPtrArray of char *; NULL with
 * errno set.  fd stays the caller's.  *text gets what they lead into; the caller owns both. */
GPtrArray *scan_names(int fd, GString **text);

/* Removes a name with all that is below it, links as links; absence is no error. */
gboolean scan_remove(int at, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for all that is in a directory. */
gboolean scan_empty(int directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Opens a regular file, whose last part is no link; anything else is not waited for.  -1 with errno
 * set: EINVAL when it is no regular file. */
int scan_open_file(int at, const char *name, struct stat *st);
