/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "image/handle.h"

/* What operations and policy do to the files of the guest.  A call into the appliance costs some
 * milliseconds under emulation, so one pattern covers many places: glob(3) with GLOB_BRACE.  The
 * files are untrusted: only regular files are opened (a FIFO would never answer), and absence is
 * never an error. */

/* Reports a change that the running operation has made.  guest_remove, guest_empty,
 * guest_write_file, guest_put_files, guest_edit and guest_symlink report theirs themselves.  verb:
 * "remove", "empty", "write", "copy". */
void guest_changed(guest *g, const char *verb, const char *path);

/* The paths that match, directories (and links to them) ending in "/"; the caller owns them. */
char **guest_glob(guest *g, const char *pattern, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether anything matches. */
gboolean guest_any(guest *g, const char *pattern, gboolean *found,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes what matches: trees whole, symbolic links as links. */
gboolean guest_remove(guest *g, const char *pattern, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct guest_stat {
    guint mode; /* with the type; 0: nothing is there */
    guint uid, gid;
    gint64 size;
};

/* A link itself, not what it points to. */
gboolean guest_stat(guest *g, const char *path, struct guest_stat *info,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A link to a directory is none. */
gboolean guest_is_directory(guest *g, const char *path, gboolean *yes,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct guest_entry {
    char *name;
    struct guest_stat info; /* of a link itself */
};

/* What is in a directory: struct guest_entry, sorted by name; the caller owns the array. */
GArray *guest_list(guest *g, const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* *target, owned by the caller, gets what a link points to; NULL: path is no link. */
gboolean guest_readlink(guest *g, const char *path, char **target,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes a directory, with those on the way. */
gboolean guest_mkdirs(guest *g, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean guest_chmod(guest *g, const char *path, guint mode,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean guest_chown(guest *g, const char *path, guint uid, guint gid,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Replaces what is there, unless it is a directory. */
gboolean guest_symlink(guest *g, const char *target, const char *path,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes one path, a tree when it ends in "/"; no pattern. */
gboolean guest_remove_path(guest *g, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes a file that this program itself has put there: nothing is reported. */
gboolean guest_remove_own(guest *g, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Empties the regular files that match; owner and mode stay. */
gboolean guest_empty(guest *g, const char *pattern, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Empties one regular file; no pattern. */
gboolean guest_empty_path(guest *g, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* *text gets the file followed by a NUL, owned by the caller, or NULL when there is no regular
 * file of this name.  A file above 1 MiB is an error: what is read here is configuration. */
gboolean guest_read(guest *g, const char *path, char **text,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same for a database, of at most limit bytes. */
gboolean guest_read_large(guest *g, const char *path, gint64 limit, char **text,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The last bytes of a regular file, at most most, made printable and owned by the caller; "" if
 * there is none. */
gboolean guest_read_end(guest *g, const char *path, gsize most, char **text,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes a whole file; an existing one keeps its owner and mode. */
gboolean guest_write_file(guest *g, const char *path, const char *text,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Puts files in, over what is there under their names; NULL: none. */
gboolean guest_put_files(guest *g, const struct guest_file *files,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A line that must not stay. */
struct guest_line_rule {
    const char *files;       /* pattern for guest_glob */
    const char *line;        /* GRegex on one line, without the newline */
    const char *replacement; /* GRegex replacement; NULL: remove the line */
    const char *what;        /* "a MAC address", for messages */
};

/* Applies one rule to the files it names; files without such a line are not written. */
gboolean guest_edit(guest *g, const struct guest_line_rule *rule,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds to found (of char *) the paths of the files that have such a line. */
gboolean guest_find_line(guest *g, const struct guest_line_rule *rule, GPtrArray *found,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same text as guest_edit would leave it, or NULL when nothing in it matches; the caller owns
 * it. */
char *guest_edit_text(const struct guest_line_rule *rule, const char *text);
