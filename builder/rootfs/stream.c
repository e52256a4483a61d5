/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/pax.h"

#include "base/error.h"
#include "base/text.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK           (64u << 10) /* as much as a pipe holds */
#define ENTRIES_MAX     1000000u    /* names are kept in memory */
#define XATTR_SIZE_MAX_ 65536u      /* XATTR_SIZE_MAX of the kernel's limits.h */
#define XATTR_NAME_MAX_ 255u

/* ---- writing ---- */

struct pax {
    struct archive *a;
    struct archive_entry *entry;
    names *names;
};

static gboolean pax_fail(const pax *p, GError **error)
{
    ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot write the archive of the files: %s",
                    archive_error_string(p->a));
    return FALSE;
}

/* A path that begins with "./" is one of the tree, also if it is empty. */
static void name_entry(const pax *p, const char *path,
                       void (*set)(struct archive_entry *, const char *))
{
    g_autofree char *full = g_strconcat("./", path, NULL);
    set(p->entry, full);
}

static void describe(const pax *p, const struct names_meta *meta)
{
    archive_entry_set_perm(p->entry, meta->mode & 07777);
    archive_entry_set_uid(p->entry, meta->uid);
    archive_entry_set_gid(p->entry, meta->gid);
    archive_entry_set_mtime(p->entry, meta->mtime, (long)meta->mtime_nsec);
    for (gsize i = 0; i < meta->n_xattrs; i++)
        archive_entry_xattr_add_entry(p->entry, meta->xattrs[i].name, meta->xattrs[i].value,
                                      meta->xattrs[i].size);
}

static gboolean write_entry(const pax *p, GError **error)
{
    int code = archive_write_header(p->a, p->entry);
    return code == ARCHIVE_OK || code == ARCHIVE_WARN || pax_fail(p, error);
}

static gboolean pax_make(gpointer to, const char *path, const struct names_item *item, guint64 *id,
                         GError **error)
{
    const pax *p = to;
    *id = 0;
    archive_entry_clear(p->entry);
    name_entry(p, path, archive_entry_set_pathname);
    archive_entry_set_filetype(p->entry, item->type);
    archive_entry_set_size(p->entry, (la_int64_t)item->size);
    if (item->link)
        archive_entry_set_symlink(p->entry, item->link);
    archive_entry_set_rdevmajor(p->entry, item->major);
    archive_entry_set_rdevminor(p->entry, item->minor);
    describe(p, item->meta);
    return write_entry(p, error);
}

static gboolean pax_data(gpointer to, const void *data, gsize length, GError **error)
{
    const pax *p = to;
    return archive_write_data(p->a, data, length) == (la_ssize_t)length || pax_fail(p, error);
}

static gboolean pax_end(gpointer to, GError **error)
{
    const pax *p = to;
    return archive_write_finish_entry(p->a) == ARCHIVE_OK || pax_fail(p, error);
}

static gboolean pax_change(gpointer to, const char *path, guint64 id, const struct names_meta *meta,
                           GError **error)
{
    const struct names_item item = {.type = S_IFDIR, .meta = meta};
    return pax_make(to, path, &item, &id, error);
}

static gboolean pax_link(gpointer to, const char *path, const char *from, guint64 id, guint links,
                         GError **error)
{
    const pax *p = to;
    (void)id;
    (void)links;
    archive_entry_clear(p->entry);
    name_entry(p, path, archive_entry_set_pathname);
    name_entry(p, from, archive_entry_set_hardlink);
    archive_entry_set_filetype(p->entry, AE_IFREG);
    archive_entry_set_size(p->entry, 0);
    return write_entry(p, error);
}

static const struct names_target pax_target = {pax_make,   pax_data, pax_end,
                                               pax_change, pax_link, NULL};

pax *pax_open(int fd, GError **error)
{
    g_autoptr(pax) p = g_new0(pax, 1);
    p->a = archive_write_new();
    p->entry = archive_entry_new();
    p->names = names_new(&pax_target, p, 0);
    archive_write_set_format_pax_restricted(p->a);
    archive_write_set_bytes_per_block(p->a, BLOCK);
    archive_write_set_bytes_in_last_block(p->a, 1);
    /* Else names go through the character set of whoever writes and of whoever reads, and each
     * extended attribute is there twice, under different names if a byte of it had to be quoted. */
    if (archive_write_set_options(p->a, "hdrcharset=BINARY,xattrheader=LIBARCHIVE") == ARCHIVE_OK &&
        archive_write_open_fd(p->a, fd) == ARCHIVE_OK)
        return g_steal_pointer(&p);
    pax_fail(p, error);
    return NULL;
}

names *pax_names(pax *p)
{
    return p->names;
}

void pax_abandon(pax *p)
{
    if (!p)
        return;
    names_free(p->names);
    archive_entry_free(p->entry);
    (void)archive_write_fail(p->a); /* else freeing it writes the end */
    archive_write_free(p->a);
    g_free(p);
}

gboolean pax_close(pax *p, GError **error)
{
    gboolean good = archive_write_close(p->a) == ARCHIVE_OK || pax_fail(p, error);
    pax_abandon(p);
    return good;
}

/* ---- reading ---- */

struct pax_source {
    int fd;
    names *to;
    GCancellable *cancel;
    struct archive *a;
    guint entries;
    gboolean ended; /* there is nothing more in fd */
    char buffer[BLOCK];
};

/* path: of the entry, or NULL. */
static gboolean pax_refuse(const char *why, const char *path, GError **error)
{
    g_autofree char *shown = path ? text_printable(path, -1) : NULL;
    ingot_set_error(error, INGOT_EXIT_INSTALL, NULL, "the archive of the files is damaged: %s%s%s",
                    why, shown ? ": " : "", shown ? shown : "");
    return FALSE;
}

static la_ssize_t pax_on_read(struct archive *a, void *data, const void **block)
{
    struct pax_source *s = data;
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

/* What ext4 has a place for (the kernel's fs/ext4/xattr.h, EXT4_XATTR_INDEX_*). */
static gboolean xattr_is_known(const char *name, gsize size)
{
    return strlen(name) <= XATTR_NAME_MAX_ && size <= XATTR_SIZE_MAX_ &&
           (g_str_has_prefix(name, "user.") || g_str_has_prefix(name, "trusted.") ||
            g_str_has_prefix(name, "security.") || strcmp(name, "system.posix_acl_access") == 0 ||
            strcmp(name, "system.posix_acl_default") == 0);
}

/* The names and values belong to the entry. */
static GArray *pax_xattrs(struct archive_entry *entry, const char *path, GError **error)
{
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(struct names_xattr));
    struct names_xattr one;
    archive_entry_xattr_reset(entry);
    while (archive_entry_xattr_next(entry, &one.name, &one.value, &one.size) == ARCHIVE_OK) {
        if (!xattr_is_known(one.name, one.size)) {
            pax_refuse("it has an extended attribute of an unknown kind", path, error);
            return NULL;
        }
        g_array_append_val(list, one);
    }
    return g_steal_pointer(&list);
}

/* Up to a position: archives leave out the holes of sparse files. */
static gboolean put_zeros(const struct pax_source *s, guint64 *at, guint64 end, GError **error)
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

static gboolean archive_failed(const struct pax_source *s, const char *path, GError **error)
{
    return !g_cancellable_set_error_if_cancelled(s->cancel, error) &&
           pax_refuse(archive_error_string(s->a), path, error);
}

static gboolean put_content(const struct pax_source *s, const char *path, guint64 size,
                            GError **error)
{
    const void *block = NULL;
    size_t length = 0;
    la_int64_t offset = 0;
    guint64 at = 0;
    int code;
    while ((code = archive_read_data_block(s->a, &block, &length, &offset)) == ARCHIVE_OK) {
        if (offset < 0 || (guint64)offset < at || (guint64)offset > size)
            return pax_refuse("its pieces are out of order", path, error);
        if (!put_zeros(s, &at, (guint64)offset, error) ||
            !names_file_data(s->to, block, length, error))
            return FALSE;
        at += length;
    }
    if (code != ARCHIVE_EOF)
        return archive_failed(s, path, error);
    return put_zeros(s, &at, size, error) && names_file_end(s->to, error);
}

static gboolean put_regular(const struct pax_source *s, struct archive_entry *entry,
                            const char *path, const struct names_meta *meta, GError **error)
{
    la_int64_t size = archive_entry_size(entry);
    if (size < 0)
        return pax_refuse("a file has no size", path, error);
    return names_file_begin(s->to, path, meta, (guint64)size, error) &&
           put_content(s, path, (guint64)size, error);
}

static gboolean put_target(const struct pax_source *s, struct archive_entry *entry,
                           const char *path, const struct names_meta *meta, GError **error)
{
    const char *target = archive_entry_symlink(entry);
    if (!target || names_look(s->to, path, NULL) == NAMES_DIRECTORY)
        return pax_refuse(target ? "a link is where a directory is" : "a link has no target", path,
                          error);
    return names_symlink(s->to, path, target, meta, error);
}

static gboolean put_alias(const struct pax_source *s, const char *raw, const char *path,
                          GError **error)
{
    g_autofree char *target = names_clean(raw);
    return target ? names_hard_link(s->to, path, target, error)
                  : pax_refuse("a link leads out of it", path, error);
}

static gboolean put_typed(const struct pax_source *s, struct archive_entry *entry, const char *path,
                          const struct names_meta *meta, GError **error)
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
        return pax_refuse("a file is of an unknown type", path, error);
    }
}

static gboolean put_described(const struct pax_source *s, struct archive_entry *entry,
                              const char *path, GError **error)
{
    la_int64_t uid = archive_entry_uid(entry), gid = archive_entry_gid(entry);
    long nsec = archive_entry_mtime_nsec(entry);
    if (uid < 0 || uid >= G_MAXUINT32 || gid < 0 || gid >= G_MAXUINT32)
        return pax_refuse("a file has an impossible owner", path, error);
    if (archive_entry_acl_types(entry))
        return pax_refuse("it has an ACL that is not an extended attribute", path, error);
    g_autoptr(GArray) xattrs = pax_xattrs(entry, path, error);
    const struct names_meta meta = {.mode = archive_entry_perm(entry),
                                    .uid = (guint)uid,
                                    .gid = (guint)gid,
                                    .mtime = archive_entry_mtime(entry),
                                    .mtime_nsec = (guint)CLAMP(nsec, 0, 999999999),
                                    .xattrs = xattrs ? (gpointer)xattrs->data : NULL,
                                    .n_xattrs = xattrs ? xattrs->len : 0};
    return xattrs && put_typed(s, entry, path, &meta, error);
}

static gboolean pax_entry(struct pax_source *s, struct archive_entry *entry, GError **error)
{
    const char *raw = archive_entry_pathname(entry), *linked = archive_entry_hardlink(entry);
    g_autofree char *path = names_clean(raw);
    if (!path)
        return pax_refuse("a path leads out of it", raw ? raw : "", error);
    if (s->entries++ >= ENTRIES_MAX)
        return pax_refuse("it has more than a million files", NULL, error);
    return linked ? put_alias(s, linked, path, error) : put_described(s, entry, path, error);
}

/* libarchive takes the end of the file for that of the archive: the blocks of zeros that mark the
 * end (POSIX.1-2008, pax(1), "ustar Interchange Format") must have been there before it. */
static gboolean pax_ends(struct pax_source *s, int code, GError **error)
{
    const void *block;
    if (code != ARCHIVE_EOF)
        return archive_failed(s, NULL, error);
    if (s->ended)
        return pax_refuse("its end is missing", NULL, error);
    la_ssize_t n;
    while ((n = pax_on_read(s->a, s, &block)) > 0)
        continue; /* padding, which the writer still wants to get rid of */
    return n == 0 || archive_failed(s, NULL, error);
}

static gboolean read_entries(struct pax_source *s, GError **error)
{
    struct archive_entry *entry;
    int code;
    archive_read_support_format_tar(s->a);
    archive_read_set_read_callback(s->a, pax_on_read);
    archive_read_set_callback_data(s->a, s);
    if (archive_read_open1(s->a) != ARCHIVE_OK)
        return archive_failed(s, NULL, error);
    for (;;) {
        code = archive_read_next_header(s->a, &entry);
        if (code != ARCHIVE_OK && code != ARCHIVE_WARN)
            return pax_ends(s, code, error);
        if (!pax_entry(s, entry, error))
            return FALSE;
    }
}

gboolean pax_read(int fd, names *to, GCancellable *cancel, GError **error)
{
    struct pax_source *s = g_new0(struct pax_source, 1);
    s->fd = fd;
    s->to = to;
    s->cancel = cancel;
    s->a = archive_read_new();
    gboolean good = read_entries(s, error);
    archive_read_free(s->a);
    g_free(s);
    return good;
}
