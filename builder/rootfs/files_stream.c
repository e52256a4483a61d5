/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/files_stream.h"

#include "base/error.h"
#include "base/text.h"
#include "rootfs/pax.h"
#include "rootfs/tree.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define BLOCK       (64u << 10) /* as much as a pipe holds */
#define ENTRIES_MAX 1000000u    /* names are kept in memory */

/* ---- writing ---- */

struct files_stream {
    pax *to;
    names *names;
    guint64 size; /* of the file that is being written */
};

/* path: that of the entry, without the "./". */
static gboolean files_stream_put(const files_stream *s, const char *path,
                                 const struct pax_entry *entry, GError **error)
{
    const char *slash = strrchr(path, '/');
    /* It would take away another file. */
    if (g_str_has_prefix(slash ? slash + 1 : path, TREE_WHITEOUT))
        return names_refuse("make", path, "names that begin so are reserved", error);
    return pax_put(s->to, entry, error);
}

static gboolean files_stream_make(gpointer to, const char *path, const struct names_item *item,
                                  guint64 *id, GError **error)
{
    files_stream *s = to;
    const struct names_meta *meta = item->meta;
    const char *end = item->type == S_IFDIR && *path ? "/" : "";
    g_autofree char *full = g_strconcat("./", path, end, NULL);
    const struct pax_entry entry = {.path = full,
                                    .link = item->link,
                                    .xattrs = meta->xattrs,
                                    .st = {.st_mode = item->type | (meta->mode & 07777),
                                           .st_uid = meta->uid,
                                           .st_gid = meta->gid,
                                           .st_rdev = makedev(item->major, item->minor),
                                           .st_size = (off_t)item->size,
                                           .st_mtim = {meta->mtime, meta->mtime_nsec}}};
    *id = 0;
    s->size = item->size;
    return files_stream_put(s, path, &entry, error);
}

static gboolean files_stream_data(gpointer to, const void *data, gsize length, GError **error)
{
    const files_stream *s = to;
    return pax_put_bytes(s->to, data, length, error);
}

static gboolean files_stream_end(gpointer to, GError **error)
{
    const files_stream *s = to;
    return pax_put_end(s->to, s->size, error);
}

static gboolean files_stream_change(gpointer to, const char *path, guint64 id,
                                    const struct names_meta *meta, GError **error)
{
    const struct names_item item = {.type = S_IFDIR, .meta = meta};
    return files_stream_make(to, path, &item, &id, error);
}

static gboolean files_stream_link(gpointer to, const char *path, const char *from, guint64 id,
                                  guint links, GError **error)
{
    g_autofree char *full = g_strconcat("./", path, NULL);
    g_autofree char *target = g_strconcat("./", from, NULL);
    const struct pax_entry entry = {.path = full, .link = target, .hard = TRUE};
    (void)id;
    (void)links;
    return files_stream_put(to, path, &entry, error);
}

static const struct names_target stream_target = {files_stream_make, files_stream_data,
                                                  files_stream_end,  files_stream_change,
                                                  files_stream_link, NULL};

files_stream *files_stream_new(int fd)
{
    files_stream *s = g_new0(files_stream, 1);
    s->to = pax_new(fd);
    s->names = names_new(&stream_target, s, 0);
    return s;
}

names *files_stream_names(files_stream *s)
{
    return s->names;
}

gboolean files_stream_finish(files_stream *s, GError **error)
{
    return pax_finish(s->to, error);
}

void files_stream_free(files_stream *s)
{
    if (!s)
        return;
    names_free(s->names);
    pax_free(s->to);
    g_free(s);
}

/* ---- reading ---- */

struct stream_source {
    int fd;
    names *to;
    GCancellable *cancel;
    struct archive *a;
    guint entries;
    gboolean ended; /* there is nothing more in fd */
    char buffer[BLOCK];
};

/* path: of the entry, or NULL. */
static gboolean files_stream_refuse(const char *why, const char *path, GError **error)
{
    g_autofree char *shown = path ? text_printable(path, -1) : NULL;
    ingot_set_error(error, INGOT_EXIT_INSTALL, NULL, "the archive of the files is damaged: %s%s%s",
                    why, shown ? ": " : "", shown ? shown : "");
    return FALSE;
}

static la_ssize_t files_stream_on_read(struct archive *a, void *data, const void **block)
{
    struct stream_source *s = data;
    ssize_t n;
    if (g_cancellable_is_cancelled(s->cancel)) {
        archive_set_error(a, ECANCELED, "interrupted");
        return -1;
    }
    do
        n = read(s->fd, s->buffer, sizeof s->buffer);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        archive_set_error(a, errno, "%s", g_strerror(errno));
    s->ended = n == 0;
    *block = s->buffer;
    return n;
}

static GPtrArray *files_stream_xattrs(struct archive_entry *entry, const char *path, GError **error)
{
    g_autoptr(GPtrArray) all = xattrs_new();
    const char *name = NULL;
    const void *value = NULL;
    size_t size = 0;
    archive_entry_xattr_reset(entry);
    while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
        if (!xattrs_belongs(name) || strlen(name) > XATTR_NAME_MAX || size > XATTR_SIZE_MAX) {
            files_stream_refuse("it has an extended attribute of an unknown kind", path, error);
            return NULL;
        }
        xattrs_add(all, name, value, size);
    }
    return g_steal_pointer(&all);
}

/* Up to a position: archives leave out the holes of sparse files. */
static gboolean put_zeros(const struct stream_source *s, guint64 *at, guint64 end, GError **error)
{
    static const char zeros[BLOCK];
    while (*at < end) {
        gsize n = (gsize)MIN(end - *at, (guint64)sizeof zeros);
        if (!names_file_data(s->to, zeros, n, error))
            return FALSE;
        *at += n;
    }
    return TRUE;
}

static gboolean archive_failed(const struct stream_source *s, const char *path, GError **error)
{
    return !g_cancellable_set_error_if_cancelled(s->cancel, error) &&
           files_stream_refuse(archive_error_string(s->a), path, error);
}

static gboolean put_content(const struct stream_source *s, const char *path, guint64 size,
                            GError **error)
{
    const void *block = NULL;
    size_t length = 0;
    la_int64_t offset = 0;
    guint64 at = 0;
    int code;
    while ((code = archive_read_data_block(s->a, &block, &length, &offset)) == ARCHIVE_OK) {
        if (offset < 0 || (guint64)offset < at || (guint64)offset > size)
            return files_stream_refuse("its pieces are out of order", path, error);
        if (!put_zeros(s, &at, (guint64)offset, error) ||
            !names_file_data(s->to, block, length, error))
            return FALSE;
        at += length;
    }
    if (code != ARCHIVE_EOF)
        return archive_failed(s, path, error);
    return put_zeros(s, &at, size, error) && names_file_end(s->to, error);
}

static gboolean put_regular(const struct stream_source *s, struct archive_entry *entry,
                            const char *path, const struct names_meta *meta, GError **error)
{
    la_int64_t size = archive_entry_size(entry);
    if (size < 0)
        return files_stream_refuse("a file has no size", path, error);
    return names_file_begin(s->to, path, meta, (guint64)size, error) &&
           put_content(s, path, (guint64)size, error);
}

static gboolean put_target(const struct stream_source *s, struct archive_entry *entry,
                           const char *path, const struct names_meta *meta, GError **error)
{
    const char *target = archive_entry_symlink(entry);
    if (!target || names_look(s->to, path, NULL) == NAMES_DIRECTORY)
        return files_stream_refuse(
            target ? "a link is where a directory is" : "a link has no target", path, error);
    return names_symlink(s->to, path, target, meta, error);
}

static gboolean put_alias(const struct stream_source *s, const char *raw, const char *path,
                          GError **error)
{
    g_autofree char *target = names_clean(raw);
    return target ? names_hard_link(s->to, path, target, error)
                  : files_stream_refuse("a link leads out of it", path, error);
}

static gboolean put_typed(const struct stream_source *s, struct archive_entry *entry,
                          const char *path, const struct names_meta *meta, GError **error)
{
    guint type = archive_entry_filetype(entry);
    switch (type) {
    case AE_IFDIR:
        return names_directory_set(s->to, path, meta, error);
    case AE_IFLNK:
        return put_target(s, entry, path, meta, error);
    case AE_IFREG:
        return put_regular(s, entry, path, meta, error);
    case AE_IFIFO:
    case AE_IFCHR:
    case AE_IFBLK:
        return names_special(s->to, path, type, (guint)archive_entry_rdevmajor(entry),
                             (guint)archive_entry_rdevminor(entry), meta, error);
    default:
        return files_stream_refuse("a file is of an unknown type", path, error);
    }
}

static gboolean put_described(const struct stream_source *s, struct archive_entry *entry,
                              const char *path, GError **error)
{
    la_int64_t uid = archive_entry_uid(entry), gid = archive_entry_gid(entry);
    long nsec = archive_entry_mtime_nsec(entry);
    if (uid < 0 || uid >= G_MAXUINT32 || gid < 0 || gid >= G_MAXUINT32)
        return files_stream_refuse("a file has an impossible owner", path, error);
    if (archive_entry_acl_types(entry))
        return files_stream_refuse("it has an ACL that is not an extended attribute", path, error);
    g_autoptr(GPtrArray) xattrs = files_stream_xattrs(entry, path, error);
    const struct names_meta meta = {.mode = archive_entry_perm(entry),
                                    .uid = (guint)uid,
                                    .gid = (guint)gid,
                                    .mtime = archive_entry_mtime(entry),
                                    .mtime_nsec = (guint)CLAMP(nsec, 0, 999999999),
                                    .xattrs = xattrs && xattrs->len ? xattrs : NULL};
    return xattrs && put_typed(s, entry, path, &meta, error);
}

static gboolean files_stream_entry(struct stream_source *s, struct archive_entry *entry,
                                   GError **error)
{
    const char *raw = archive_entry_pathname(entry), *linked = archive_entry_hardlink(entry);
    g_autofree char *path = names_clean(raw);
    if (!path)
        return files_stream_refuse("a path leads out of it", raw ? raw : "", error);
    if (s->entries++ >= ENTRIES_MAX)
        return files_stream_refuse("it has more than a million files", NULL, error);
    return linked ? put_alias(s, linked, path, error) : put_described(s, entry, path, error);
}

/* libarchive takes the end of the file for that of the archive: the blocks of zeros that mark the
 * end (POSIX.1-2008, pax(1), "ustar Interchange Format") must have been there before it. */
static gboolean files_stream_ends(struct stream_source *s, int code, GError **error)
{
    const void *block;
    if (code != ARCHIVE_EOF)
        return archive_failed(s, NULL, error);
    if (s->ended)
        return files_stream_refuse("its end is missing", NULL, error);
    la_ssize_t n;
    while ((n = files_stream_on_read(s->a, s, &block)) > 0)
        continue; /* padding, which the writer still wants to get rid of */
    return n == 0 || archive_failed(s, NULL, error);
}

static gboolean read_entries(struct stream_source *s, GError **error)
{
    struct archive_entry *entry;
    int code;
    archive_read_support_format_tar(s->a);
    archive_read_set_read_callback(s->a, files_stream_on_read);
    archive_read_set_callback_data(s->a, s);
    if (archive_read_open1(s->a) != ARCHIVE_OK)
        return archive_failed(s, NULL, error);
    for (;;) {
        code = archive_read_next_header(s->a, &entry);
        if (code != ARCHIVE_OK && code != ARCHIVE_WARN)
            return files_stream_ends(s, code, error);
        if (!files_stream_entry(s, entry, error))
            return FALSE;
    }
}

gboolean files_stream_read(int fd, names *to, GCancellable *cancel, GError **error)
{
    struct stream_source *s = g_new0(struct stream_source, 1);
    s->fd = fd;
    s->to = to;
    s->cancel = cancel;
    s->a = archive_read_new();
    gboolean good = read_entries(s, error);
    archive_read_free(s->a);
    g_free(s);
    return good;
}
