/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/media.h"

#include "base/error.h"
#include "base/files.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK      (1u << 20)
#define DATA_MAX   (1u << 30)
#define PATH_BYTES 1024u
#define ALIGNMENT                                                                                  \
    4u /* of a cpio header: Documentation/driver-api/early-userspace/buffer-format.rst */

static gboolean initrd_fail(GError **error, const char *path, const char *why)
{
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "cannot put “%s” into the initrd: %s", path,
                    why);
    return FALSE;
}

/* ---- the files ---- */

static gboolean check_path(const char *path, GError **error)
{
    if (!*path || strlen(path) > PATH_BYTES)
        return initrd_fail(error, path, "the path is empty or too long");
    if (*path == '/')
        return initrd_fail(error, path, "the path is not relative");
    if (g_str_equal(path, "TRAILER!!!"))
        return initrd_fail(error, path, "that name ends a cpio archive");
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    for (char **p = parts; *p; p++) {
        if (!**p || g_str_equal(*p, ".") || g_str_equal(*p, ".."))
            return initrd_fail(error, path, "the path has an empty, “.” or “..” part");
    }
    return TRUE;
}

static gint by_path(gconstpointer a, gconstpointer b)
{
    const struct media_file *x = *(const struct media_file *const *)a;
    const struct media_file *y = *(const struct media_file *const *)b;
    return strcmp(x->path, y->path);
}

/* In one order, whatever the caller's, so that the same files give the same bytes. */
static GPtrArray *initrd_sorted(const struct media_file *files, gsize n, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    for (gsize i = 0; i < n; i++) {
        if (!check_path(files[i].path, error))
            return NULL;
        if (g_bytes_get_size(files[i].data) > DATA_MAX) {
            initrd_fail(error, files[i].path, "it is larger than 1 GiB");
            return NULL;
        }
        g_ptr_array_add(list, (gpointer)&files[i]);
    }
    g_ptr_array_sort(list, by_path);
    return g_steal_pointer(&list);
}

/* ---- cpio, "newc" (cpio(5)) ---- */

struct cpio {
    struct archive *archive;
    GHashTable *seen; /* path -> is a file */
    gint64 inode;
};

static gboolean initrd_put(struct cpio *c, const char *path, guint mode, GBytes *data,
                           GError **error)
{
    gsize size = 0;
    const void *bytes = data ? g_bytes_get_data(data, &size) : NULL;
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, path);
    archive_entry_set_mode(e, (mode_t)mode);
    archive_entry_set_nlink(e, data ? 1 : 2);
    archive_entry_set_ino64(e, ++c->inode);
    archive_entry_set_uid(e, 0);
    archive_entry_set_gid(e, 0);
    archive_entry_set_mtime(e, 0, 0);
    archive_entry_set_size(e, (la_int64_t)size);
    gboolean good = archive_write_header(c->archive, e) == ARCHIVE_OK &&
                    (!size || archive_write_data(c->archive, bytes, size) == (la_ssize_t)size);
    archive_entry_free(e);
    g_hash_table_insert(c->seen, g_strdup(path), GINT_TO_POINTER(data != NULL));
    return good || initrd_fail(error, path, archive_error_string(c->archive));
}

/* The kernel makes no parents by itself. */
static gboolean put_parents(struct cpio *c, const char *path, GError **error)
{
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        gpointer is_file = NULL;
        g_autofree char *parent = g_strndup(path, (gsize)(slash - path));
        if (!g_hash_table_lookup_extended(c->seen, parent, NULL, &is_file)) {
            if (!initrd_put(c, parent, S_IFDIR | 0755, NULL, error))
                return FALSE;
        } else if (GPOINTER_TO_INT(is_file)) {
            return initrd_fail(error, path, "one of its parents is a file");
        }
    }
    return TRUE;
}

static gboolean initrd_put_file(struct cpio *c, const struct media_file *file, GError **error)
{
    if (!put_parents(c, file->path, error))
        return FALSE;
    if (g_hash_table_contains(c->seen, file->path))
        return initrd_fail(error, file->path, "it occurs twice");
    return initrd_put(c, file->path, S_IFREG | (file->mode & 07777), file->data, error);
}

static gboolean write_archive(int fd, GPtrArray *files, const char *out, GError **error)
{
    struct cpio c = {.archive = archive_write_new(),
                     .seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    gboolean good = TRUE;
    archive_write_set_format_cpio_newc(c.archive);
    archive_write_set_bytes_per_block(c.archive, 0);
    if (archive_write_open_fd(c.archive, fd) != ARCHIVE_OK)
        good = initrd_fail(error, out, archive_error_string(c.archive));
    for (guint i = 0; good && i < files->len; i++)
        good = initrd_put_file(&c, g_ptr_array_index(files, i), error);
    if (good && archive_write_close(c.archive) != ARCHIVE_OK)
        good = initrd_fail(error, out, archive_error_string(c.archive));
    archive_write_free(c.archive);
    g_hash_table_unref(c.seen);
    return good;
}

/* ---- the old initrd before it ---- */

static gboolean fail_errno(GError **error, const char *what, const char *path)
{
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "cannot %s %s: %s", what, path,
                    g_strerror(errno));
    return FALSE;
}

static gboolean initrd_copy(int from, int to, const char *initrd, const char *out, GError **error)
{
    static const char zeros[ALIGNMENT];
    g_autofree char *chunk = g_malloc(CHUNK);
    guint64 total = 0;
    ssize_t n;
    while ((n = read(from, chunk, CHUNK)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno(error, "read", initrd);
        if (!files_write_all(to, chunk, (gsize)n))
            return fail_errno(error, "write", out);
        total += (guint64)n;
    }
    if (!files_write_all(to, zeros, (ALIGNMENT - total % ALIGNMENT) % ALIGNMENT))
        return fail_errno(error, "write", out);
    return TRUE;
}

static gboolean write_out(int from, const char *initrd, GPtrArray *files, const char *out,
                          GError **error)
{
    g_autofree char *temp = g_strdup_printf("%s.new-XXXXXX", out);
    int to = g_mkstemp_full(temp, O_RDWR | O_CLOEXEC, 0600);
    if (to < 0)
        return fail_errno(error, "write", out);
    gboolean good =
        initrd_copy(from, to, initrd, out, error) && write_archive(to, files, out, error);
    if (close(to) != 0 && good)
        good = fail_errno(error, "write", out);
    good = good && files_rename(temp, out, error);
    if (!good)
        (void)unlink(temp);
    return good;
}

gboolean media_initrd_append(const char *initrd, const struct media_file *files, gsize n,
                             const char *out, GError **error)
{
    g_autoptr(GPtrArray) list = initrd_sorted(files, n, error);
    if (!list)
        return FALSE;
    int from = open(initrd, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return fail_errno(error, "read", initrd);
    gboolean good = write_out(from, initrd, list, out, error);
    close(from);
    return good;
}
