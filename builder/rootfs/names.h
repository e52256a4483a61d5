/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "rootfs/xattrs.h"

#include <gio/gio.h>

/* The names in a new tree of files, kept in memory: which directories there are, what is in them
 * and where links lead.  The files themselves go to a target, a file system (ext.h) or an archive
 * (stream.h), which is never asked what it has.
 *
 * Paths are relative ("usr/bin/vim"), and resolved in the tree as a chroot would: a directory part
 * that is a symbolic link in the tree is followed there and never leaves it.  Parents that are not
 * there are made, root's and 0755.  Errors are of INGOT_EXIT_INSTALL, or the target's. */
typedef struct names names;

struct names_meta {
    guint mode; /* permission bits with setuid, setgid, sticky */
    guint uid, gid;
    gint64 mtime;
    guint mtime_nsec;
    const GPtrArray *xattrs; /* of struct xattr, as the kernel has them; NULL: none */
    gconstpointer owner;     /* what names_look returns; unknown to the target */
};

/* What is made at a path. */
struct names_item {
    guint type;         /* S_IFDIR, … */
    const char *link;   /* the target of a symbolic link */
    guint64 size;       /* of a regular file */
    guint major, minor; /* of a device */
    const struct names_meta *meta;
};

/* Where files go.  The paths have neither links nor "." and ".." in them, and what is above them
 * was made before.  Ids are the target's numbers for what it has made. */
struct names_target {
    /* Makes it, and takes away the name of what was at the path; the content of a regular file
     * follows before anything else. */
    gboolean (*make)(gpointer to, const char *path, const struct names_item *item, guint64 *id,
                     GError **error);
    gboolean (*data)(gpointer to, const void *data, gsize length, GError **error);
    gboolean (*end)(gpointer to, GError **error); /* of the content */
    /* Gives a directory that is there other metadata. */
    gboolean (*change)(gpointer to, const char *path, guint64 id, const struct names_meta *meta,
                       GError **error);
    /* One more name for what is at from; links: how many there are now. */
    gboolean (*link)(gpointer to, const char *path, const char *from, guint64 id, guint links,
                     GError **error);
    /* A name was taken by something else; links: how many remain.  May be NULL. */
    gboolean (*drop)(gpointer to, guint64 id, guint links, GError **error);
};

/* root: the id of the root directory, which is there.  The target must live as long; the caller
 * owns the object. */
names *names_new(const struct names_target *target, gpointer to, guint64 root);
void names_free(names *n);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(names, names_free)

/* A directory in the root that the target has already; nothing can be put into it. */
void names_adopt(names *n, const char *name, guint64 id);

/* What is at a path; the last part is not followed.  owner may be NULL. */
enum names_kind { NAMES_NONE, NAMES_DIRECTORY, NAMES_FILE, NAMES_LINK, NAMES_SPECIAL };
enum names_kind names_look(names *n, const char *path, gconstpointer *owner);

/* An existing directory, or a link to one, stays as it is: as with dpkg, the first package that
 * ships it decides. */
gboolean names_directory(names *n, const char *path, const struct names_meta *meta,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* An existing directory gets this metadata. */
gboolean names_directory_set(names *n, const char *path, const struct names_meta *meta,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* An existing file or link is replaced; over a directory, a link is skipped, as dpkg does, and
 * anything else is an error. */
gboolean names_symlink(names *n, const char *path, const char *target,
                       const struct names_meta *meta, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean names_hard_link(names *n, const char *path, const char *target,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* type: S_IFIFO, S_IFCHR or S_IFBLK. */
gboolean names_special(names *n, const char *path, guint type, guint major, guint minor,
                       const struct names_meta *meta, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A file of size bytes, which all follow by names_file_data before anything else is made. */
gboolean names_file_begin(names *n, const char *path, const struct names_meta *meta, guint64 size,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean names_file_data(names *n, const void *data, gsize length,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Checks that all of them have come. */
gboolean names_file_end(names *n, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The three in one. */
gboolean names_file(names *n, const char *path, const struct names_meta *meta, const void *data,
                    gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct names_entry {
    const char *name;
    guint64 id;
    guint type;
};

struct names_directory {
    guint64 id;
    guint links;
    const GArray *entries; /* of struct names_entry: ".", "..", and the others as they came */
};

/* All directories but adopted ones, in the order in which they were made. */
typedef gboolean (*names_visit)(gpointer to, const struct names_directory *d, GError **error);
gboolean names_each_directory(const names *n, names_visit visit,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A path of an archive without empty and "." parts; "" is the root; NULL: it has "..".  The caller
 * owns it. */
char *names_clean(const char *raw);

/* Sets "cannot WHAT PATH in the new file system: WHY"; returns FALSE. */
gboolean names_refuse(const char *what, const char *path, const char *why, GError **error);
