/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/receive.h"

#include "base/write.h"
#include "rootfs/names.h"
#include "rootfs/scan.h"
#include "rootfs/tree.h"
#include "rootfs/xattrs.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#define RECEIVE_CHUNK (256u << 10)
#define OPEN_PLACE    (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

#define WHITEOUT_OPAQUE ".wh..wh..opq"

struct received_directory {
    char *path;
    struct timespec mtime;
};

struct receive {
    int root;
    struct archive *a;
    char *up; /* the directory that is open, relative; NULL: none is */
    int at;
    GArray *directories; /* of struct received_directory: their times come last */
    GHashTable *placed;  /* paths of this archive: an opaque whiteout leaves them */
};

/* One entry. */
struct receiving {
    struct receive *in;
    struct archive_entry *entry;
    char *path; /* relative, clean; "" is the root */
    const char *name;
};

static gboolean receive_fail(const struct receiving *g, int code, GError **error)
{
    scan_set_error(error, code, *g->path ? g->path : ".");
    return FALSE;
}

/* ---- places ---- */

/* Opens a directory below at, and closes at. */
static int receive_step(int at, const char *name, gboolean create)
{
    int next = openat(at, name, OPEN_PLACE);
    if (next < 0 && errno == ENOENT && create && mkdirat(at, name, 0755) == 0)
        next = openat(at, name, OPEN_PLACE);
    int code = errno;
    close(at);
    errno = code;
    return next;
}

/* A directory below the root, through no link; -1 with errno set. */
static int receive_open_directory(const struct receive *r, const char *path, gboolean create)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    int at = openat(r->root, ".", OPEN_PLACE);
    for (char **part = parts; at >= 0 && *part; part++)
        if (**part)
            at = receive_step(at, *part, create);
    return at;
}

static void receive_close_place(struct receive *r)
{
    if (r->at >= 0)
        close(g_steal_fd(&r->at));
    g_clear_pointer(&r->up, g_free);
}

/* Opens the entry's directory, which is often that of the entry before. */
static gboolean receive_open_place(struct receiving *g, GError **error)
{
    char *slash = strrchr(g->path, '/');
    g_autofree char *up = slash ? g_strndup(g->path, (gsize)(slash - g->path)) : g_strdup("");
    struct receive *r = g->in;
    g->name = slash ? slash + 1 : g->path;
    if (r->up && strcmp(r->up, up) == 0)
        return TRUE;
    receive_close_place(r);
    r->at = receive_open_directory(r, up, TRUE);
    if (r->at < 0)
        return receive_fail(g, errno, error);
    r->up = g_steal_pointer(&up);
    return TRUE;
}

/* Only from the directory that is open, so never that one itself. */
static gboolean receive_clear(const struct receiving *g, const char *name, GError **error)
{
    if (scan_remove(g->in->at, name, error))
        return TRUE;
    g_prefix_error(error, "%s: ", g->path);
    return FALSE;
}

/* ---- how a file is ---- */

static gboolean receive_set_owner(const struct receiving *g, int fd, mode_t mode)
{
    return fchown(fd, (uid_t)archive_entry_uid(g->entry), (gid_t)archive_entry_gid(g->entry)) ==
               0 &&
           fchmod(fd, mode) == 0 && xattrs_write(fd, g->entry);
}

static void receive_times(const struct receiving *g, struct timespec times[2])
{
    times[0] = times[1] =
        (struct timespec){archive_entry_mtime(g->entry), archive_entry_mtime_nsec(g->entry)};
}

/* Of what cannot be opened: links and FIFOs. */
static gboolean receive_set_unopened(const struct receiving *g, GError **error)
{
    struct timespec times[2];
    int at = g->in->at;
    uid_t uid = (uid_t)archive_entry_uid(g->entry);
    gid_t gid = (gid_t)archive_entry_gid(g->entry);
    gboolean link = archive_entry_filetype(g->entry) == AE_IFLNK;
    receive_times(g, times);
    if (fchownat(at, g->name, uid, gid, AT_SYMLINK_NOFOLLOW) == 0 &&
        (link || fchmodat(at, g->name, archive_entry_perm(g->entry), 0) == 0) &&
        utimensat(at, g->name, times, AT_SYMLINK_NOFOLLOW) == 0)
        return TRUE;
    return receive_fail(g, errno, error);
}

/* ---- directories ---- */

/* -1 with an error set. */
static int receive_make_directory(const struct receiving *g, GError **error)
{
    int at = *g->path ? g->in->at : g->in->root;
    const char *name = *g->path ? g->name : ".";
    int fd = openat(at, name, OPEN_PLACE);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) {
        if (!receive_clear(g, name, error))
            return -1;
        if (mkdirat(at, name, 0700) == 0)
            fd = openat(at, name, OPEN_PLACE);
    }
    if (fd < 0)
        (void)receive_fail(g, errno, error);
    return fd;
}

static gboolean receive_directory(const struct receiving *g, GError **error)
{
    struct timespec times[2];
    receive_times(g, times);
    const struct received_directory directory = {g_strdup(g->path), times[1]};
    g_array_append_val(g->in->directories, directory);
    int fd = receive_make_directory(g, error);
    if (fd < 0)
        return FALSE;
    gboolean good = receive_set_owner(g, fd, archive_entry_perm(g->entry));
    int code = errno;
    close(fd);
    return good || receive_fail(g, code, error);
}

/* A later entry may have removed one. */
static gboolean receive_directory_times(const struct receive *r, GError **error)
{
    for (guint i = 0; i < r->directories->len; i++) {
        const struct received_directory *d =
            &g_array_index(r->directories, struct received_directory, i);
        const struct timespec times[2] = {d->mtime, d->mtime};
        int fd = receive_open_directory(r, d->path, FALSE);
        gboolean good = fd >= 0 ? futimens(fd, times) == 0
                                : errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
        int code = errno;
        if (fd >= 0)
            close(fd);
        if (!good) {
            scan_set_error(error, code, d->path);
            return FALSE;
        }
    }
    return TRUE;
}

/* ---- files ---- */

static gboolean receive_bad_archive(const struct receive *r, GError **error)
{
    const char *why = archive_error_string(r->a);
    int code = archive_errno(r->a);
    g_set_error(error, TREE_ERROR, code > 0 ? code : EIO, "the archive: %s",
                why ? why : "it is damaged");
    return FALSE;
}

/* What the archive leaves out are holes. */
static gboolean receive_data(const struct receiving *g, int fd, GError **error)
{
    const void *block = NULL;
    size_t size = 0;
    la_int64_t offset = 0, end = 0;
    int code;
    while ((code = archive_read_data_block(g->in->a, &block, &size, &offset)) == ARCHIVE_OK) {
        if (!write_all_at(fd, block, size, (guint64)offset))
            return receive_fail(g, errno, error);
        end = offset + (la_int64_t)size;
    }
    if (code != ARCHIVE_EOF)
        return receive_bad_archive(g->in, error);
    la_int64_t whole = archive_entry_size(g->entry);
    return end >= whole || ftruncate(fd, whole) == 0 || receive_fail(g, errno, error);
}

static gboolean receive_open_file(const struct receiving *g, int fd, GError **error)
{
    struct timespec times[2];
    receive_times(g, times);
    if (!receive_data(g, fd, error))
        return FALSE;
    return (receive_set_owner(g, fd, archive_entry_perm(g->entry)) && futimens(fd, times) == 0) ||
           receive_fail(g, errno, error);
}

static gboolean receive_file(const struct receiving *g, GError **error)
{
    int fd = openat(g->in->at, g->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return receive_fail(g, errno, error);
    gboolean good = receive_open_file(g, fd, error);
    if (close(fd) != 0 && good)
        return receive_fail(g, errno, error);
    return good;
}

static gboolean receive_hard_link(const struct receiving *g, GError **error)
{
    g_autofree char *path = names_clean(archive_entry_hardlink(g->entry));
    if (!path || !*path)
        return receive_fail(g, EINVAL, error);
    char *slash = strrchr(path, '/');
    if (slash)
        *slash = '\0';
    int at = receive_open_directory(g->in, slash ? path : "", FALSE);
    gboolean good = at >= 0 && linkat(at, slash ? slash + 1 : path, g->in->at, g->name, 0) == 0;
    int code = errno;
    if (at >= 0)
        close(at);
    return good || receive_fail(g, code, error);
}

static gboolean receive_symlink(const struct receiving *g, GError **error)
{
    const char *target = archive_entry_symlink(g->entry);
    if (!target || symlinkat(target, g->in->at, g->name) != 0)
        return receive_fail(g, target ? errno : EINVAL, error);
    return receive_set_unopened(g, error);
}

/* A sandbox must not make devices: mknod(2) says EPERM to it. */
static gboolean receive_special(const struct receiving *g, GError **error)
{
    if (archive_entry_filetype(g->entry) != AE_IFIFO)
        return receive_fail(g, EPERM, error);
    if (mknodat(g->in->at, g->name, S_IFIFO | 0600, 0) != 0)
        return receive_fail(g, errno, error);
    return receive_set_unopened(g, error);
}

/* ---- whiteouts ---- */

static gboolean receive_opaque(const struct receiving *g, GError **error)
{
    g_autoptr(GString) text = NULL;
    g_autoptr(GPtrArray) found = scan_names(g->in->at, &text);
    if (!found)
        return receive_fail(g, errno, error);
    for (guint i = 0; i < found->len; i++) {
        const char *name = g_ptr_array_index(found, i);
        g_autofree char *path = g_strdup_printf("%s%s%s", g->in->up, *g->in->up ? "/" : "", name);
        if (!g_hash_table_contains(g->in->placed, path) && !receive_clear(g, name, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean receive_whiteout(const struct receiving *g, GError **error)
{
    const char *gone = g->name + strlen(TREE_WHITEOUT);
    if (strcmp(g->name, WHITEOUT_OPAQUE) == 0)
        return receive_opaque(g, error);
    if (!*gone || strcmp(gone, ".") == 0 || strcmp(gone, "..") == 0)
        return receive_fail(g, EINVAL, error);
    return receive_clear(g, gone, error);
}

/* ---- entries ---- */

static gboolean receive_put(const struct receiving *g, GError **error)
{
    g_hash_table_add(g->in->placed, g_strdup(g->path));
    if (archive_entry_filetype(g->entry) == AE_IFDIR && !archive_entry_hardlink(g->entry))
        return receive_directory(g, error);
    if (!*g->path)
        return receive_fail(g, ENOTDIR, error);
    if (!receive_clear(g, g->name, error))
        return FALSE;
    if (archive_entry_hardlink(g->entry))
        return receive_hard_link(g, error);
    switch (archive_entry_filetype(g->entry)) {
    case AE_IFREG:
        return receive_file(g, error);
    case AE_IFLNK:
        return receive_symlink(g, error);
    default:
        return receive_special(g, error);
    }
}

static gboolean receive_is_owner(la_int64_t id)
{
    return id >= 0 && id < G_MAXUINT32;
}

static gboolean receive_entry(struct receiving *g, GError **error)
{
    if (!receive_is_owner(archive_entry_uid(g->entry)) ||
        !receive_is_owner(archive_entry_gid(g->entry)))
        return receive_fail(g, EINVAL, error);
    if (!receive_open_place(g, error))
        return FALSE;
    return g_str_has_prefix(g->name, TREE_WHITEOUT) ? receive_whiteout(g, error)
                                                    : receive_put(g, error);
}

static gboolean receive_entries(struct receive *r, GError **error)
{
    struct receiving g = {.in = r};
    int code;
    while ((code = archive_read_next_header(r->a, &g.entry)) == ARCHIVE_OK ||
           code == ARCHIVE_WARN) {
        const char *raw = archive_entry_pathname(g.entry);
        g_autofree char *path = names_clean(raw);
        if (!path) {
            scan_set_error(error, EINVAL, raw);
            return FALSE;
        }
        g.path = path;
        if (!receive_entry(&g, error))
            return FALSE;
    }
    return code == ARCHIVE_EOF ? receive_directory_times(r, error) : receive_bad_archive(r, error);
}

static gboolean receive_open_archive(struct receive *r, int fd, GError **error)
{
    int (*const supported[])(struct archive *) = {
        archive_read_support_filter_gzip,  archive_read_support_filter_bzip2,
        archive_read_support_filter_xz,    archive_read_support_filter_lzma,
        archive_read_support_filter_zstd,  archive_read_support_filter_lz4,
        archive_read_support_format_empty, archive_read_support_format_tar};
    r->a = archive_read_new();
    for (gsize i = 0; i < G_N_ELEMENTS(supported); i++)
        if (supported[i](r->a) != ARCHIVE_OK)
            return receive_bad_archive(r, error);
    return archive_read_open_fd(r->a, fd, RECEIVE_CHUNK) == ARCHIVE_OK ||
           receive_bad_archive(r, error);
}

static void received_directory_clear(gpointer data)
{
    struct received_directory *d = data;
    g_free(d->path);
}

gboolean receive_all(int root, int fd, GError **error)
{
    struct receive r = {.root = root,
                        .at = -1,
                        .directories = g_array_new(FALSE, FALSE, sizeof(struct received_directory)),
                        .placed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    g_array_set_clear_func(r.directories, received_directory_clear);
    /* Names that are said to be UTF-8 are converted to that of the locale. */
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0), before = (locale_t)0;
    if (utf8)
        before = uselocale(utf8);
    gboolean good = receive_open_archive(&r, fd, error) && receive_entries(&r, error);
    archive_read_free(r.a);
    if (utf8) {
        uselocale(before);
        freelocale(utf8);
    }
    receive_close_place(&r);
    g_array_unref(r.directories);
    g_hash_table_unref(r.placed);
    return good;
}
