/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/files.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* In a live directory, held by its owner. */
#define LIVE_LOCK  "lock"
#define LIVE_TRIES 100

static gboolean files_fail_errno(GError **error, const char *what, const char *path)
{
    int code = errno;
    g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(code), "cannot %s %s: %s", what,
                path, g_strerror(code));
    return FALSE;
}

gboolean files_mkdir(const char *path, gboolean private_dir, GError **error)
{
    if (g_mkdir_with_parents(path, private_dir ? 0700 : 0755) == 0)
        return TRUE;
    return files_fail_errno(error, "create the directory", path);
}

char *files_temp_dir(const char *parent, const char *prefix, GError **error)
{
    if (!files_mkdir(parent, FALSE, error))
        return NULL;
    g_autofree char *path = g_strdup_printf("%s/%s-XXXXXX", parent, prefix);
    if (g_mkdtemp_full(path, 0700))
        return g_steal_pointer(&path);
    files_fail_errno(error, "create a temporary directory", path);
    return NULL;
}

/* The lock of a live directory is removed last: a half removed directory is recognised by it. */
static int lock_is_last(const FTSENT **a, const FTSENT **b)
{
    return (strcmp((*a)->fts_name, LIVE_LOCK) == 0) - (strcmp((*b)->fts_name, LIVE_LOCK) == 0);
}

void files_remove_tree(const char *path)
{
    char *const roots[] = {(char *)path, NULL};
    FTS *walk = path ? fts_open(roots, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, lock_is_last) : NULL;
    FTSENT *e;
    while (walk && (e = fts_read(walk)))
        if (e->fts_info != FTS_D && remove(e->fts_path) != 0 && errno != ENOENT)
            g_warning("cannot remove %s: %s", e->fts_path, g_strerror(errno));
    if (walk)
        fts_close(walk);
}

gboolean files_write_atomic(const char *path, const void *data, gssize length, int mode,
                            GError **error)
{
    return g_file_set_contents_full(path, data, length,
                                    G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                    mode, error);
}

static gboolean bad_target(const char *option, const char *path, const char *why, GError **error)
{
    ingot_set_error(error, INGOT_EXIT_USAGE, "give the path of a file in an existing directory",
                    "%s: cannot write %s: %s", option, path, why);
    return FALSE;
}

gboolean files_check_target(const char *option, const char *path, GError **error)
{
    GStatBuf info;
    g_autofree char *directory = g_path_get_dirname(path);
    if (!*path || g_str_has_suffix(path, "/"))
        return bad_target(option, path, "it does not name a file", error);
    if (g_stat(directory, &info) != 0)
        return bad_target(option, path, g_strerror(errno), error);
    if (!S_ISDIR(info.st_mode))
        return bad_target(option, path, "its parent is not a directory", error);
    if (g_access(directory, W_OK | X_OK) != 0)
        return bad_target(option, path, g_strerror(errno), error);
    /* It would be replaced: a device or a socket is not what anybody wants to lose. */
    if (g_stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return bad_target(option, path, "it is not a regular file", error);
    return TRUE;
}

/* A pipe may be silent for as long as its writer likes: what interrupts the program
 * (g_cancellable_push_current) ends the wait. */
static gboolean files_wait_readable(int fd, GError **error)
{
    GCancellable *cancel = g_cancellable_get_current();
    GPollFD fds[] = {{.fd = fd, .events = G_IO_IN | G_IO_HUP}, {.fd = -1}};
    struct stat info;
    if ((fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) ||
        !g_cancellable_make_pollfd(cancel, &fds[1]))
        return TRUE;
    while (g_poll(fds, G_N_ELEMENTS(fds), -1) < 0 && errno == EINTR)
        ;
    g_cancellable_release_fd(cancel);
    return !g_cancellable_set_error_if_cancelled(cancel, error);
}

static char *read_fd(int fd, const char *path, gsize limit, gsize *length, GError **error)
{
    GString *text = g_string_new(NULL);
    char chunk[16384];
    ssize_t n = 1;
    while (n > 0 && text->len <= limit) {
        if (!files_wait_readable(fd, error))
            return g_string_free(text, TRUE);
        n = read(fd, chunk, sizeof chunk);
        g_string_append_len(text, chunk, MAX(n, 0));
    }
    if (n >= 0 && text->len <= limit) {
        if (length)
            *length = text->len;
        return g_string_free(text, FALSE);
    }
    if (n < 0)
        files_fail_errno(error, "read", path);
    else
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC,
                    "%s is larger than its limit of %" G_GSIZE_FORMAT " bytes", path, limit);
    return g_string_free(text, TRUE);
}

static gboolean seen_first(const GStatBuf *info, GHashTable *seen)
{
    return g_hash_table_add(seen, g_strdup_printf("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT,
                                                  (guint64)info->st_dev, (guint64)info->st_ino));
}

/* seen: the files with several names that were counted; NULL: they do not count. */
static guint64 usage(const char *path, GHashTable *seen)
{
    GStatBuf info;
    if (g_lstat(path, &info) != 0)
        return 0;
    if (!S_ISDIR(info.st_mode) && info.st_nlink > 1 && !(seen && seen_first(&info, seen)))
        return 0;
    guint64 total = (guint64)info.st_blocks * 512;
    g_autoptr(GDir) dir = S_ISDIR(info.st_mode) ? g_dir_open(path, 0, NULL) : NULL;
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *inner = g_build_filename(path, name, NULL);
        total += usage(inner, seen);
    }
    return total;
}

guint64 files_usage(const char *path)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return usage(path, seen);
}

guint64 files_usage_alone(const char *path)
{
    return usage(path, NULL);
}

gboolean files_is_untouched(const struct stat *before, const struct stat *now)
{
    return now->st_dev == before->st_dev && now->st_ino == before->st_ino &&
           now->st_size == before->st_size && now->st_mtim.tv_sec == before->st_mtim.tv_sec &&
           now->st_mtim.tv_nsec == before->st_mtim.tv_nsec &&
           now->st_ctim.tv_sec == before->st_ctim.tv_sec &&
           now->st_ctim.tv_nsec == before->st_ctim.tv_nsec;
}

gboolean files_is_dir(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* A descriptor of the caller, like that of a shell's <(…): a pipe is intended there, and it has
 * a writer. */
static gboolean is_handed_over(const char *path)
{
    return strcmp(path, "/dev/stdin") == 0 || g_str_has_prefix(path, "/dev/fd/") ||
           g_str_has_prefix(path, "/proc/self/fd/");
}

/* Opening a pipe that nobody writes to would wait for ever, and so would reading a terminal. */
static int open_to_read(const char *path, GError **error)
{
    struct stat info;
    gboolean handed = is_handed_over(path);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (handed ? 0 : O_NONBLOCK));
    if (fd < 0 || fstat(fd, &info) != 0)
        files_fail_errno(error, "open", path);
    else if (handed || S_ISREG(info.st_mode) ||
             S_ISDIR(info.st_mode)) /* reading it will report that */
        return fd;
    else
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s is not a regular file", path);
    if (fd >= 0)
        close(fd);
    return -1;
}

char *files_read(const char *path, gsize limit, gsize *length, GError **error)
{
    int fd = open_to_read(path, error);
    if (fd < 0)
        return NULL;
    char *text = read_fd(fd, path, limit, length, error);
    close(fd);
    return text;
}

gboolean files_write_all(int fd, const char *data, gsize length)
{
    while (length) {
        ssize_t n = write(fd, data, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return FALSE;
        data += n;
        length -= (gsize)n;
    }
    return TRUE;
}

/* ---- what survives a power cut ---- */

/* Some file systems have no sync of directories (EINVAL): their names need none. */
static gboolean sync_fd(int fd, const char *path, GError **error)
{
    return fsync(fd) == 0 || errno == EINVAL || files_fail_errno(error, "sync", path);
}

static gboolean sync_entries(const char *path, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, error);
    gboolean good = dir != NULL;
    const char *name;
    while (good && (name = g_dir_read_name(dir))) {
        g_autofree char *inner = g_build_filename(path, name, NULL);
        good = files_sync(inner, error);
    }
    return good;
}

gboolean files_sync(const char *path, GError **error)
{
    struct stat info;
    if (lstat(path, &info) != 0)
        return files_fail_errno(error, "look at", path);
    if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
        return TRUE; /* a link, a socket: there is nothing but its name */
    if (S_ISDIR(info.st_mode) && !sync_entries(path, error))
        return FALSE;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return files_fail_errno(error, "open", path);
    gboolean good = sync_fd(fd, path, error);
    close(fd);
    return good;
}

gboolean files_sync_names(const char *directory, GError **error)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return files_fail_errno(error, "open", directory);
    gboolean good = sync_fd(fd, directory, error);
    close(fd);
    return good;
}

static gboolean rename_failed(const char *from, const char *to, GError **error)
{
    g_autofree char *pair = g_strdup_printf("%s to %s", from, to);
    return files_fail_errno(error, "rename", pair);
}

gboolean files_rename(const char *from, const char *to, GError **error)
{
    g_autofree char *directory = g_path_get_dirname(to);
    if (!files_sync(from, error))
        return FALSE;
    return rename(from, to) == 0 ? files_sync_names(directory, error)
                                 : rename_failed(from, to, error);
}

gboolean files_publish_new(const char *from, const char *to, GError **error)
{
    g_autofree char *directory = g_path_get_dirname(to);
    if (!files_sync(from, error))
        return FALSE;
    /* EINVAL: a file system that does not know it; a hard link never replaces anything either. */
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) != 0 &&
        (errno != EINVAL || link(from, to) != 0))
        return rename_failed(from, to, error);
    return files_sync_names(directory, error);
}

struct lock_wait {
    int fd;
    int result;
    gint done;
    GMutex mutex;
    GCond changed;
    gatomicrefcount refs;
};

static void lock_wait_unref(struct lock_wait *w)
{
    if (!g_atomic_ref_count_dec(&w->refs))
        return;
    close(w->fd);
    g_mutex_clear(&w->mutex);
    g_cond_clear(&w->changed);
    g_free(w);
}

/* flock(2) has no limit and no cancel of its own, so a thread waits in it; when the wait is
 * cancelled the thread keeps its duplicate of the descriptor until the lock comes, and drops it. */
static gpointer lock_thread(gpointer data)
{
    struct lock_wait *w = data;
    int result;
    while ((result = flock(w->fd, LOCK_EX)) != 0 && errno == EINTR)
        continue;
    g_mutex_lock(&w->mutex);
    w->result = result == 0 ? 0 : errno;
    w->done = 1;
    g_cond_broadcast(&w->changed);
    g_mutex_unlock(&w->mutex);
    lock_wait_unref(w);
    return NULL;
}

static void lock_cancelled(GCancellable *cancel, gpointer data)
{
    (void)cancel;
    struct lock_wait *w = data;
    g_mutex_lock(&w->mutex);
    g_cond_broadcast(&w->changed);
    g_mutex_unlock(&w->mutex);
}

static gboolean lock_slowly(int fd, GCancellable *cancel, GError **error)
{
    struct lock_wait *w = g_new0(struct lock_wait, 1);
    w->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    g_mutex_init(&w->mutex);
    g_cond_init(&w->changed);
    g_atomic_ref_count_init(&w->refs);
    g_atomic_ref_count_inc(&w->refs);
    g_thread_unref(g_thread_new("lock", lock_thread, w));
    gulong id = cancel ? g_cancellable_connect(cancel, G_CALLBACK(lock_cancelled), w, NULL) : 0;
    g_mutex_lock(&w->mutex);
    while (!w->done && !g_cancellable_is_cancelled(cancel))
        g_cond_wait(&w->changed, &w->mutex);
    gboolean got = w->done && w->result == 0;
    int code = w->result;
    g_mutex_unlock(&w->mutex);
    g_cancellable_disconnect(cancel, id);
    lock_wait_unref(w);
    if (got)
        return TRUE;
    if (!g_cancellable_set_error_if_cancelled(cancel, error)) {
        errno = code;
        files_fail_errno(error, "lock", "a cache entry");
    }
    return FALSE;
}

static int open_lock(const char *path, int create)
{
    return open(path, O_RDWR | create | O_CLOEXEC | O_NOFOLLOW, 0644);
}

gboolean files_is_at(int fd, const char *path)
{
    struct stat mine, named;
    return fstat(fd, &mine) == 0 && lstat(path, &named) == 0 && mine.st_dev == named.st_dev &&
           mine.st_ino == named.st_ino;
}

/* Between open(2) and flock(2) another process may have removed the file (files_unlock_remove):
 * then it is a lock that nobody else will ever see. */
static int files_lock_flags(const char *path, int create)
{
    for (;;) {
        int fd = open_lock(path, create);
        if (fd < 0)
            return -1;
        gboolean got = flock(fd, LOCK_EX | LOCK_NB) == 0;
        if (got && files_is_at(fd, path))
            return fd;
        close(fd);
        if (!got)
            return -1;
    }
}

int files_try_lock(const char *path)
{
    return files_lock_flags(path, O_CREAT);
}

int files_lock(const char *path, GCancellable *cancel, GError **error)
{
    for (;;) {
        int fd = open_lock(path, O_CREAT);
        if (fd < 0) {
            files_fail_errno(error, "open the lock", path);
            return -1;
        }
        gboolean got = flock(fd, LOCK_EX | LOCK_NB) == 0 || lock_slowly(fd, cancel, error);
        if (got && files_is_at(fd, path))
            return fd;
        close(fd);
        if (!got)
            return -1;
    }
}

void files_unlock_remove(int fd, const char *path)
{
    if (fd >= 0)
        (void)unlink(path);
    files_unlock(fd);
}

void files_unlock(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* ---- live directories ---- */

gboolean files_dir_is_live(const char *dir)
{
    g_autofree char *path = g_build_filename(dir, LIVE_LOCK, NULL);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    gboolean held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    files_unlock(fd);
    return held;
}

gboolean files_is_temp_dir(const char *path, const char *prefix)
{
    struct stat info;
    g_autofree char *name = g_path_get_basename(path);
    gsize length = strlen(name), end = strlen("-XXXXXX");
    if (length <= end || name[length - end] != '-' ||
        (prefix && (strlen(prefix) != length - end || !g_str_has_prefix(name, prefix))))
        return FALSE;
    for (const char *c = name + length - end + 1; *c; c++)
        if (!g_ascii_isalnum(*c))
            return FALSE;
    return lstat(path, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid() &&
           (info.st_mode & 0777) == 0700;
}

/* The directory of a dead owner still exists, but nobody holds its lock.  A directory without a
 * lock may be anybody's and stays; if its owner died before it made one, an empty directory
 * remains. */
static void remove_dead(const char *path, gpointer user)
{
    (void)user;
    files_remove_tree(path);
}

/* A directory without a lock is not yet, or no longer, somebody's. */
static void visit_if_dead(const char *path, void (*visit)(const char *dir, gpointer user),
                          gpointer user)
{
    g_autofree char *lock_path = g_build_filename(path, LIVE_LOCK, NULL);
    int lock = files_lock_flags(lock_path, 0);
    if (lock < 0) {
        (void)rmdir(path);
        return;
    }
    visit(path, user);
    files_unlock(lock);
}

/* prefix: of the names that are looked at; NULL: all. */
static void visit_all_dead(const char *parent, const char *prefix,
                           void (*visit)(const char *dir, gpointer user), gpointer user)
{
    g_autoptr(GDir) dir = g_dir_open(parent, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(parent, name, NULL);
        if (files_is_temp_dir(path, prefix))
            visit_if_dead(path, visit, user);
    }
}

void files_visit_dead(const char *parent, void (*visit)(const char *dir, gpointer user),
                      gpointer user)
{
    visit_all_dead(parent, NULL, visit, user);
}

void files_clear_dead(const char *parent)
{
    visit_all_dead(parent, NULL, remove_dead, NULL);
}

/* Until it is locked, another process may mistake a new directory for a dead one's and remove
 * it: then the lock cannot be created, and we try the next directory.  So the parent, which others
 * may be able to lock, needs no lock. */
static char *live_dir_new(const char *parent, const char *name, int *lock, GError **error)
{
    for (guint left = LIVE_TRIES; left > 0; left--) {
        g_autoptr(GError) local = NULL;
        g_autofree char *path = files_temp_dir(parent, name, error);
        if (!path)
            return NULL;
        g_autofree char *lock_path = g_build_filename(path, LIVE_LOCK, NULL);
        *lock = files_lock(lock_path, NULL, &local);
        if (*lock >= 0)
            return g_steal_pointer(&path);
        files_remove_tree(path);
        if (left == 1 || !g_error_matches(local, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
            g_propagate_error(error, g_steal_pointer(&local));
            break;
        }
    }
    return NULL;
}

static char *live_dir_below(const char *parent, const char *name, const char *prefix, int *lock,
                            GError **error)
{
    *lock = -1;
    visit_all_dead(parent, prefix, remove_dead, NULL);
    return live_dir_new(parent, name, lock, error);
}

char *files_live_dir(const char *parent, const char *name, int *lock, GError **error)
{
    return live_dir_below(parent, name, NULL, lock, error);
}

char *files_live_dir_of(const char *parent, const char *name, int *lock, GError **error)
{
    return live_dir_below(parent, name, name, lock, error);
}

char *files_cache_dir(void)
{
    const char *set = g_getenv("INGOT_CACHE");
    return set && *set ? g_strdup(set) : g_build_filename(g_get_user_cache_dir(), "ingot", NULL);
}

char *files_runtime_dir(GError **error)
{
    const char *xdg = g_getenv("XDG_RUNTIME_DIR");
    g_autofree char *path = xdg && g_file_test(xdg, G_FILE_TEST_IS_DIR)
                                ? g_build_filename(xdg, "ingot", NULL)
                                : g_strdup_printf("/tmp/ingot-%u", (unsigned)getuid());
    struct stat info;
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        files_fail_errno(error, "create the directory", path);
        return NULL;
    }
    if (lstat(path, &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != getuid()) {
        ingot_set_error(error, INGOT_EXIT_HOST, "remove it, or set XDG_RUNTIME_DIR",
                        "%s is not a directory owned by this user", path);
        return NULL;
    }
    return g_steal_pointer(&path);
}

char *files_data_dir(void)
{
    const char *set = g_getenv("INGOT_DATA");
    return g_strdup(set && *set ? set : INGOT_DATA_DIR);
}
