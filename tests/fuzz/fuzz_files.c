/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/files_stream.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a target may rely on. */
struct expectation {
    guint64 left; /* of the content of a file */
    guint64 made;
};

static void check_path(const char *path)
{
    g_assert(*path && *path != '/' && strlen(path) < 4096 * 2);
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    for (char **part = parts; *part; part++)
        g_assert(**part && strcmp(*part, ".") != 0 && strcmp(*part, "..") != 0 &&
                 strlen(*part) <= 255);
}

static gboolean fuzz_make(gpointer to, const char *path, const struct names_item *item, guint64 *id,
                          GError **error)
{
    struct expectation *e = to;
    (void)error;
    check_path(path);
    g_assert(e->left == 0 && (item->meta->mode & ~07777u) == 0);
    g_assert(item->meta->mtime_nsec < 1000000000u);
    g_assert((item->type == S_IFLNK) == (item->link != NULL));
    /* A size that is a lie is refused by a file system that has no space for it. */
    if (item->size > 1u << 20) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "full");
        return FALSE;
    }
    e->left = item->type == S_IFREG ? item->size : 0;
    *id = ++e->made;
    return TRUE;
}

static gboolean fuzz_data(gpointer to, const void *data, gsize length, GError **error)
{
    struct expectation *e = to;
    (void)data;
    (void)error;
    g_assert(length <= e->left);
    e->left -= length;
    return TRUE;
}

static gboolean fuzz_end(gpointer to, GError **error)
{
    const struct expectation *e = to;
    (void)error;
    g_assert(e->left == 0);
    return TRUE;
}

static gboolean fuzz_change(gpointer to, const char *path, guint64 id,
                            const struct names_meta *meta, GError **error)
{
    const struct expectation *e = to;
    (void)error;
    (void)path;
    g_assert(id <= e->made && (meta->mode & ~07777u) == 0);
    return TRUE;
}

static gboolean fuzz_link(gpointer to, const char *path, const char *from, guint64 id, guint links,
                          GError **error)
{
    const struct expectation *e = to;
    (void)error;
    check_path(path);
    check_path(from);
    g_assert(id && id <= e->made && links > 1 && links <= 65000 && strcmp(path, from) != 0);
    return TRUE;
}

static gboolean fuzz_drop(gpointer to, guint64 id, guint links, GError **error)
{
    const struct expectation *e = to;
    (void)error;
    g_assert(id && id <= e->made && links < 65000);
    return TRUE;
}

/* Any bytes as the archive of a tree's files. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct names_target target = {fuzz_make,   fuzz_data, fuzz_end,
                                               fuzz_change, fuzz_link, fuzz_drop};
    struct expectation e = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(names) n = names_new(&target, &e, 0);
    int fd = memfd_create("files", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
        abort();
    gboolean good = files_stream_read(fd, n, NULL, &error);
    g_assert(good == (error == NULL));
    close(fd);
    return 0;
}
