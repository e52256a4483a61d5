/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>
#include <sys/stat.h>

/* Makes a directory and its parents (mode 0755, private: 0700); an existing one is fine. */
gboolean files_mkdir(const char *path, gboolean private_dir,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A new private directory below parent (made when absent); the caller owns the path and removes
 * the tree with files_remove_tree. */
char *files_temp_dir(const char *parent, const char *prefix,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes a tree without following symbolic links; what is not there is no error.  A failure is
 * logged as a warning by g_warning: it is used on clean-up paths. */
void files_remove_tree(const char *path);

/* Writes a whole file beside its place, syncs, renames.  length -1: a NUL-terminated text. */
gboolean files_write_atomic(const char *path, const void *data, gssize length, int mode,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether files_write_atomic could write there: for what is written at the end of long work. Errors
 * of INGOT_EXIT_USAGE, which name option, the option that gave the path. */
gboolean files_check_target(const char *option, const char *path,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads a whole regular file, or a descriptor (/dev/stdin, /dev/fd/N), of at most limit bytes; else
 * an error.  The wait for a pipe ends with G_IO_ERROR_CANCELLED by g_cancellable_get_current(). The
 * text is followed by a NUL that *length (may be NULL) does not count. */
char *files_read(const char *path, gsize limit, gsize *length,
                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Disk space of a tree in bytes; a file that has several names there counts once; symbolic links
 * are not followed; 0 when it is not there. */
guint64 files_usage(const char *path);

/* Writes all of data to a descriptor; FALSE with errno set. */
gboolean files_write_all(int fd, const char *data, gsize length) G_GNUC_WARN_UNUSED_RESULT;

/* The same without files that have further names: what is freed when the tree is removed. */
guint64 files_usage_alone(const char *path);

/* Whether it is a directory itself, not a link to one. */
gboolean files_is_dir(const char *path);

/* Syncs a file, or a directory with all that is in it. */
gboolean files_sync(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Syncs the names of a directory only: what was made, renamed or removed there is so for good. */
gboolean files_sync_names(const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The one way to give a finished file or directory its name: syncs it with everything in it,
 * renames it, and syncs the entries of the target directory.  After a power cut the name refers
 * either to what it did before or to the whole of the new. */
gboolean files_rename(const char *from, const char *to, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same into a name that no file has yet; else it fails. */
gboolean files_publish_new(const char *from, const char *to,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- locks: flock(2), released when the descriptor is closed or the process dies ---- */

/* Takes an exclusive lock on a file that is made when absent; waits, until cancelled.  Returns a
 * descriptor that the caller closes with files_unlock, or -1. */
int files_lock(const char *path, GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void files_unlock(int fd);

/* The same, and removes the lock's file: whoever waits for it makes a new one. */
void files_unlock_remove(int fd, const char *path);

/* The same without waiting; -1 when somebody holds it or it cannot be opened. */
int files_try_lock(const char *path);

/* Whether nobody has written to a file, or changed its owner, mode or names, between two stat(2):
 * the kernel sets ctime, and no program can set it back. */
gboolean files_is_untouched(const struct stat *before, const struct stat *now);

/* Whether path (its last part no symbolic link) still leads to the open file.  If others may
 * remove or replace a file, ask this after locking it. */
gboolean files_is_at(int fd, const char *path);

/* A private directory below parent that is known to be in use while *lock is held (files_unlock).
 * Those of processes that have died go first: NAME-XXXXXX of this user, 0700, with a file "lock"
 * that nobody holds, or empty.  Locks and not process ids, which two containers may have in common.
 * The caller owns the path and removes the directory before it lets go. */
char *files_live_dir(const char *parent, const char *name, int *lock,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same below a directory that is not ours alone: only dead directories of that name go. */
char *files_live_dir_of(const char *parent, const char *name, int *lock,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Visits the directories of dead processes below a parent that files_live_dir has made: while one
 * is visited, nobody else takes it for dead. */
void files_visit_dead(const char *parent, void (*visit)(const char *dir, gpointer user),
                      gpointer user);

/* Removes them. */
void files_clear_dead(const char *parent);

/* Whether it is what files_temp_dir makes: PREFIX-XXXXXX (NULL: any), of this user, 0700. */
gboolean files_is_temp_dir(const char *path, const char *prefix);

/* Whether the owner of such a directory lives. */
gboolean files_dir_is_live(const char *dir);

/* ---- where ingot keeps its things; the caller owns the paths ---- */

/* $INGOT_CACHE, else $XDG_CACHE_HOME/ingot, else ~/.cache/ingot. */
char *files_cache_dir(void);
/* $XDG_RUNTIME_DIR/ingot, else /tmp/ingot-UID: short, for Unix socket names (108 bytes, unix(7)).
 * Made with mode 0700; refused when it belongs to somebody else. */
char *files_runtime_dir(GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The folder with kickstart/, recipes/, firmware/: $INGOT_DATA, else the one compiled in. */
char *files_data_dir(void);
