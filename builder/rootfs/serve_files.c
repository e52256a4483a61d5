/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/serve_files.h"

#include "base/write.h"
#include "rootfs/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

void served_clear(struct served *s)
{
    g_clear_pointer(&s->text, g_free);
    g_clear_pointer(&s->names, g_strfreev);
    g_clear_pointer(&s->stats, g_array_unref);
    g_clear_pointer(&s->data, g_bytes_unref);
    s->number = 0;
}

/* Keeps errno. */
static gboolean serve_answer(gboolean good, GError **error)
{
    if (!good)
        scan_set_error(error, errno, NULL);
    return good;
}

/* ---- looking ---- */

static struct tree_stat serve_convert(const struct stat *st)
{
    return (struct tree_stat){.mode = st->st_mode,
                              .uid = st->st_uid,
                              .gid = st->st_gid,
                              .links = (guint)st->st_nlink,
                              .size = (guint64)st->st_size,
                              .inode = st->st_ino,
                              .device = st->st_dev,
                              .mtime = st->st_mtim.tv_sec,
                              .mtime_nsec = (guint)st->st_mtim.tv_nsec};
}

static gboolean serve_is_absent(void)
{
    return errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
}

static gboolean serve_look(int at, const char *path, gboolean follow, GArray *stats)
{
    struct stat st;
    struct tree_stat info = {0};
    if (fstatat(at, path, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW) == 0)
        info = serve_convert(&st);
    else if (!serve_is_absent())
        return FALSE;
    g_array_append_val(stats, info);
    return TRUE;
}

gboolean serve_stat(const struct message_request *q, struct served *r, GError **error)
{
    r->stats = g_array_new(FALSE, TRUE, sizeof(struct tree_stat));
    return serve_answer(serve_look(AT_FDCWD, q->path, q->flag, r->stats), error);
}

gboolean serve_stat_list(const struct message_request *q, struct served *r, GError **error)
{
    int at = open(q->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    gboolean good = at >= 0;
    r->stats = g_array_new(FALSE, TRUE, sizeof(struct tree_stat));
    for (const char *const *name = q->names; good && *name; name++)
        good = serve_look(at, *name, FALSE, r->stats);
    (void)serve_answer(good, error);
    if (at >= 0)
        close(at);
    return good;
}

gboolean serve_list(const struct message_request *q, struct served *r, GError **error)
{
    g_autoptr(GString) text = NULL;
    int fd = open(q->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_autoptr(GPtrArray) names = fd < 0 ? NULL : scan_names(fd, &text);
    (void)serve_answer(names != NULL, error);
    if (fd >= 0)
        close(fd);
    if (!names)
        return FALSE;
    g_ptr_array_add(names, NULL);
    r->names = g_strdupv((char **)names->pdata);
    return TRUE;
}

gboolean serve_glob(const struct message_request *q, struct served *r, GError **error)
{
    glob_t found = {0};
    int code = glob(q->path, GLOB_BRACE | GLOB_MARK, NULL, &found);
    gboolean good = code == 0 || code == GLOB_NOMATCH;
    r->names = g_new0(char *, found.gl_pathc + 1);
    for (gsize i = 0; good && i < found.gl_pathc; i++)
        r->names[i] = g_strdup(found.gl_pathv[i]);
    globfree(&found);
    errno = code == GLOB_NOSPACE ? ENOMEM : EIO;
    return serve_answer(good, error);
}

gboolean serve_readlink(const struct message_request *q, struct served *r, GError **error)
{
    char target[PATH_MAX + 1];
    ssize_t n = readlink(q->path, target, sizeof target - 1);
    r->text = n < 0 ? NULL : g_strndup(target, (gsize)n);
    return serve_answer(n >= 0, error);
}

/* ---- contents ---- */

/* A regular file, links followed; what is something else is never waited for. */
static int serve_open(const char *path, int flags)
{
    struct stat st;
    gboolean there = stat(path, &st) == 0;
    if (!there || S_ISREG(st.st_mode)) {
        int fd = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644);
        if (fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)))
            return fd;
        close(fd);
    }
    errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
    return -1;
}

gboolean serve_read(const struct message_request *q, struct served *r, GError **error)
{
    gsize size = (gsize)MIN(q->a, MESSAGE_DATA), got = 0;
    int fd = serve_open(q->path, O_RDONLY);
    if (fd < 0)
        return serve_answer(FALSE, error);
    g_autofree char *data = g_malloc(size + 1);
    ssize_t n;
    while ((n = pread(fd, data + got, size - got, (off_t)(q->number + got))) > 0)
        got += (gsize)n;
    (void)serve_answer(n == 0, error);
    close(fd);
    if (n == 0)
        r->data = g_bytes_new_take(g_steal_pointer(&data), got);
    return n == 0;
}

/* A piece of the file; the first one empties it. */
gboolean serve_write(const struct message_request *q, struct served *r, GError **error)
{
    int fd = serve_open(q->path, O_WRONLY | (q->number ? 0 : O_CREAT));
    (void)r;
    if (fd < 0)
        return serve_answer(FALSE, error);
    gsize size;
    const void *data = g_bytes_get_data(q->data, &size);
    gboolean good = (q->number || ftruncate(fd, 0) == 0) && write_all_at(fd, data, size, q->number);
    int code = errno;
    if (close(fd) != 0 && good) {
        code = errno;
        good = FALSE;
    }
    errno = code;
    return serve_answer(good, error);
}

gboolean serve_truncate(const struct message_request *q, struct served *r, GError **error)
{
    int fd = serve_open(q->path, O_WRONLY);
    (void)r;
    gboolean good = serve_answer(fd >= 0 && ftruncate(fd, 0) == 0, error);
    if (fd >= 0)
        close(fd);
    return good;
}

/* ---- names ---- */

gboolean serve_unlink(const struct message_request *q, struct served *r, GError **error)
{
    (void)r;
    if (!q->flag)
        return serve_answer(unlink(q->path) == 0 || serve_is_absent(), error);
    g_autofree char *directory = g_path_get_dirname(q->path);
    g_autofree char *name = g_path_get_basename(q->path);
    int at = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return serve_answer(serve_is_absent(), error);
    gboolean good = scan_remove(at, name, error);
    close(at);
    return good;
}

static gboolean serve_mkdir(const char *path)
{
    struct stat st;
    if (mkdir(path, 0755) == 0)
        return TRUE;
    if (errno != EEXIST)
        return FALSE;
    errno = ENOTDIR;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

gboolean serve_mkdirs(const struct message_request *q, struct served *r, GError **error)
{
    g_autofree char *path = g_strdup(q->path);
    gboolean good = TRUE;
    (void)r;
    for (char *slash = strchr(path + 1, '/'); good && slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        good = serve_mkdir(path);
        *slash = '/';
    }
    return serve_answer(good && serve_mkdir(path), error);
}

gboolean serve_symlink(const struct message_request *q, struct served *r, GError **error)
{
    (void)r;
    if (q->flag && unlink(q->path) != 0 && errno != ENOENT)
        return serve_answer(FALSE, error);
    return serve_answer(symlink(q->text, q->path) == 0, error);
}

/* ---- how they are ---- */

gboolean serve_chmod(const struct message_request *q, struct served *r, GError **error)
{
    (void)r;
    return serve_answer(chmod(q->path, q->a & 07777) == 0, error);
}

gboolean serve_chown(const struct message_request *q, struct served *r, GError **error)
{
    (void)r;
    return serve_answer(chown(q->path, q->a, q->b) == 0, error);
}
