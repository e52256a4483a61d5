/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/reader.h"

#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK        (256u << 10)
#define ENTRIES_MAX  1000000u
#define UNPACKED_MAX (G_GINT64_CONSTANT(16) << 30)
#define PATH_BYTES   4096u

struct media_reader {
    struct archive *a; /* the file, the directory or the files of package */
    const struct media_format *format;
    gpointer package;      /* opened by format; or NULL */
    GError *package_error; /* its error */
    int fd;
    guint entries;
    gsize prefix; /* of the paths of a directory */
    char *source, *name;
    GCancellable *cancel;
    char *block;
};

void media_reader_free(media_reader *reader)
{
    if (!reader)
        return;
    archive_read_free(reader->a);
    if (reader->package)
        reader->format->close(reader->package);
    g_clear_error(&reader->package_error);
    if (reader->fd >= 0)
        close(reader->fd);
    g_free(reader->source);
    g_free(reader->name);
    g_free(reader->block);
    g_free(reader);
}

/* ---- the file under libarchive ---- */

static la_ssize_t reader_on_read(struct archive *a, void *data, const void **block)
{
    media_reader *r = data;
    ssize_t n;
    if (g_cancellable_is_cancelled(r->cancel)) {
        archive_set_error(a, EINTR, "interrupted");
        return -1;
    }
    while ((n = read(r->fd, r->block, BLOCK)) < 0 && errno == EINTR)
        continue;
    if (n < 0)
        archive_set_error(a, errno, "%s", g_strerror(errno));
    *block = r->block;
    return n;
}

static la_int64_t on_seek(struct archive *a, void *data, la_int64_t offset, int whence)
{
    const media_reader *r = data;
    off_t at = lseek(r->fd, (off_t)offset, whence);
    if (at < 0) {
        archive_set_error(a, errno, "%s", g_strerror(errno));
        return ARCHIVE_FATAL;
    }
    return at;
}

static la_int64_t on_skip(struct archive *a, void *data, la_int64_t request)
{
    (void)a;
    const media_reader *r = data;
    struct stat info;
    off_t at = lseek(r->fd, 0, SEEK_CUR);
    /* Not beyond the end of a file: there the reader must notice that it is truncated. */
    if (at < 0 || fstat(r->fd, &info) != 0 ||
        (S_ISREG(info.st_mode) && (request > info.st_size || at > info.st_size - request)) ||
        lseek(r->fd, (off_t)request, SEEK_CUR) < 0)
        return 0;
    return request;
}

static la_ssize_t reader_on_package(struct archive *a, void *data, const void **block)
{
    media_reader *r = data;
    if (g_cancellable_is_cancelled(r->cancel)) {
        archive_set_error(a, EINTR, "interrupted");
        return -1;
    }
    gssize n = r->package_error ? -1 : r->format->data(r->package, block, &r->package_error);
    if (n < 0)
        archive_set_error(a, EIO, "%s", r->package_error->message);
    return n;
}

/* Filters that libarchive knows without running a program. */
static void support_filters(struct archive *a)
{
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_bzip2(a);
    archive_read_support_filter_xz(a);
    archive_read_support_filter_lzma(a);
    archive_read_support_filter_zstd(a);
}

/* ---- errors ---- */

static gboolean reader_fail(media_reader *r, GError **error)
{
    if (g_cancellable_set_error_if_cancelled(r->cancel, error))
        return FALSE;
    const char *why = r->package_error ? r->package_error->message : archive_error_string(r->a);
    g_autofree char *shown = text_printable(why ? why : "it cannot be read", -1);
    g_autofree char *hint =
        g_strdup_printf("it must be %s%san ISO image, a tar or a directory, and complete",
                        r->format ? r->format->what : "", r->format ? ", " : "");
    ingot_set_error(error, INGOT_EXIT_MEDIA, hint, "cannot read %s: %s", r->name, shown);
    return FALSE;
}

static gboolean too_much(const media_reader *r, const char *what, GError **error)
{
    ingot_set_error(error, INGOT_EXIT_MEDIA, "this is not an installer medium", "%s %s", r->name,
                    what);
    return FALSE;
}

/* ---- opening ---- */

static gboolean open_directory(media_reader *r, GError **error)
{
    r->a = archive_read_disk_new();
    archive_read_disk_set_symlink_physical(r->a);
    archive_read_disk_set_behavior(r->a, ARCHIVE_READDISK_NO_XATTR | ARCHIVE_READDISK_NO_ACL |
                                             ARCHIVE_READDISK_NO_FFLAGS |
                                             ARCHIVE_READDISK_NO_SPARSE);
    /* "/." makes a link to a directory count as the directory. */
    g_autofree char *top = g_build_filename(r->source, ".", NULL);
    r->prefix = strlen(top);
    if (archive_read_disk_open(r->a, top) != ARCHIVE_OK)
        return reader_fail(r, error);
    return TRUE;
}

static gboolean open_file(media_reader *r, GError **error)
{
    r->a = archive_read_new();
    support_filters(r->a);
    archive_read_support_format_tar(r->a);
    archive_read_support_format_iso9660(r->a);
    r->block = g_malloc(BLOCK);
    archive_read_set_read_callback(r->a, reader_on_read);
    archive_read_set_seek_callback(r->a, on_seek);
    archive_read_set_skip_callback(r->a, on_skip);
    archive_read_set_callback_data(r->a, r);
    if (archive_read_open1(r->a) != ARCHIVE_OK)
        return reader_fail(r, error);
    return TRUE;
}

static gboolean is_package(const media_reader *r)
{
    char head[64];
    gsize length = r->format ? MIN(strlen(r->format->magic), sizeof head) : 0;
    return length && pread(r->fd, head, length, 0) == (ssize_t)length &&
           memcmp(head, r->format->magic, length) == 0;
}

static gboolean open_package(media_reader *r, GError **error)
{
    g_autofree char *same = g_strdup_printf("/proc/self/fd/%d", r->fd);
    r->a = archive_read_new();
    r->package = r->format->open(same, r->name, NULL, &r->package_error);
    if (!r->package)
        return reader_fail(r, error);
    r->format->archive(r->a);
    archive_read_set_read_callback(r->a, reader_on_package);
    archive_read_set_callback_data(r->a, r);
    return archive_read_open1(r->a) == ARCHIVE_OK || reader_fail(r, error);
}

media_reader *media_reader_open(const char *source, const char *name,
                                const struct media_format *format, GCancellable *cancel,
                                GError **error)
{
    struct stat info;
    g_autoptr(media_reader) r = g_new0(media_reader, 1);
    r->source = g_canonicalize_filename(source, NULL);
    r->name = g_strdup(name);
    r->format = format;
    r->cancel = cancel;
    /* O_NONBLOCK: opening a FIFO must not wait for a writer. */
    r->fd = open(source, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (r->fd < 0 || fstat(r->fd, &info) != 0) {
        ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "cannot open %s: %s", name,
                        g_strerror(errno));
        return NULL;
    }
    if (!S_ISDIR(info.st_mode) && !S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode)) {
        ingot_set_error(error, INGOT_EXIT_MEDIA, NULL,
                        "%s is neither a file, a directory nor a block device", name);
        return NULL;
    }
    if (S_ISDIR(info.st_mode) ? !open_directory(r, error)
        : is_package(r)       ? !open_package(r, error)
                              : !open_file(r, error))
        return NULL;
    return g_steal_pointer(&r);
}

/* ---- entries ---- */

static gboolean within_limits(media_reader *r, struct archive_entry *e, GError **error)
{
    if (++r->entries > ENTRIES_MAX)
        return too_much(r, "holds more than a million entries", error);
    /* A directory has no filters; one filter is "none": then the medium itself is the limit. */
    if (r->prefix || archive_filter_count(r->a) <= 1)
        return TRUE;
    if (archive_filter_bytes(r->a, 0) > UNPACKED_MAX || archive_entry_size(e) > UNPACKED_MAX)
        return too_much(r, "unpacks to more than 16 GiB", error);
    return TRUE;
}

/* ARCHIVE_EOF, or ARCHIVE_OK with *e set, or ARCHIVE_FATAL with *error set. */
static int next_header(media_reader *r, struct archive_entry **e, GError **error)
{
    int status = archive_read_next_header(r->a, e);
    if (status < ARCHIVE_WARN) {
        reader_fail(r, error);
        return ARCHIVE_FATAL;
    }
    if (status == ARCHIVE_EOF || !within_limits(r, *e, error))
        return status == ARCHIVE_EOF ? ARCHIVE_EOF : ARCHIVE_FATAL;
    return ARCHIVE_OK;
}

/* The path without what precedes its first part; NULL: unusable ("..", too long, none). */
static char *usable_path(const media_reader *r, struct archive_entry *e)
{
    const char *raw = archive_entry_pathname(e);
    if (!raw)
        raw = archive_entry_pathname_utf8(e);
    gsize length = raw ? strlen(raw) : 0;
    if (!length || length > PATH_BYTES + r->prefix || length < r->prefix)
        return NULL;
    g_auto(GStrv) parts = g_strsplit(raw + r->prefix, "/", -1);
    g_autoptr(GString) path = g_string_new(NULL);
    for (char **p = parts; *p; p++) {
        if (g_str_equal(*p, ".."))
            return NULL;
        if (**p && !g_str_equal(*p, "."))
            g_string_append_printf(path, "%s%s", path->len ? "/" : "", *p);
    }
    return path->len ? g_strdup(path->str) : NULL;
}

gboolean media_reader_next(media_reader *reader, struct media_entry *entry, GError **error)
{
    struct archive_entry *e = NULL;
    g_clear_pointer(&entry->path, g_free);
    do {
        if (g_cancellable_set_error_if_cancelled(reader->cancel, error) ||
            next_header(reader, &e, error) != ARCHIVE_OK)
            return FALSE;
        if (reader->prefix && archive_entry_filetype(e) == AE_IFDIR)
            (void)archive_read_disk_descend(reader->a);
        entry->path = usable_path(reader, e);
    } while (!entry->path);
    const char *hard = archive_entry_hardlink(e);
    entry->hard = hard != NULL;
    entry->link = hard ? hard : archive_entry_symlink(e);
    entry->regular = !entry->link && archive_entry_filetype(e) == AE_IFREG;
    entry->size = (guint64)MAX(archive_entry_size(e), 0);
    return TRUE;
}

gssize media_reader_data(media_reader *reader, void *buffer, gsize size, GError **error)
{
    if (g_cancellable_set_error_if_cancelled(reader->cancel, error))
        return -1;
    la_ssize_t n = archive_read_data(reader->a, buffer, size);
    if (n >= 0)
        return n;
    reader_fail(reader, error);
    return -1;
}
