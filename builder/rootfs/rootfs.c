/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/rootfs.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "rootfs/disk.h"
#include "rootfs/ext.h"
#include "rootfs/grub_bios.h"
#include "rootfs/files_stream.h"
#include "rootfs/tree.h"
#include "rootfs/unpack.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of decompressed packages that wait to be written.  With it, unpacking Debian 13 has its peak at
 * 35 MiB; what is above goes to a file. */
#define BUDGET      ((gsize)4 << 20)
#define THREADS_MAX 4u /* each has the window of its decompressor, 8 MiB at the usual xz -6 */

struct item {
    const struct rootfs_package *package;
    guint64 size;
};

/* Within an order the largest come first, so that no thread has a long one left at the end. */
static gint in_order(gconstpointer a, gconstpointer b)
{
    const struct item *one = a, *two = b;
    if (one->package->order != two->package->order)
        return one->package->order < two->package->order ? -1 : 1;
    if (one->size != two->size)
        return one->size > two->size ? -1 : 1;
    return strcmp(one->package->name, two->package->name);
}

static gboolean check_name(const struct rootfs_package *p, GHashTable *seen, GError **error)
{
    if (g_hash_table_add(seen, (gpointer)p->name))
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "duplicate package %s", p->name);
    return FALSE;
}

static GArray *rootfs_sorted(const struct rootfs_content *content, guint64 *total, GError **error)
{
    g_autoptr(GArray) items = g_array_new(FALSE, FALSE, sizeof(struct item));
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (gsize i = 0; i < content->n_packages; i++) {
        struct stat info;
        struct item item = {.package = &content->packages[i]};
        if (!check_name(item.package, seen, error))
            return NULL;
        if (stat(item.package->path, &info) != 0) {
            ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "cannot open the package %s: %s",
                            item.package->path, g_strerror(errno));
            return NULL;
        }
        item.size = (guint64)info.st_size;
        *total += item.size;
        g_array_append_val(items, item);
    }
    g_array_sort(items, in_order);
    return g_steal_pointer(&items);
}

static gboolean unpack_sorted(const struct rootfs_content *content, const GArray *items,
                              guint64 total, names *to, progress *p, GCancellable *cancel,
                              GError **error)
{
    g_autofree const char **paths = g_new0(const char *, items->len);
    guint64 done = 0;
    for (guint i = 0; i < items->len; i++)
        paths[i] = g_array_index(items, struct item, i).package->path;
    g_autoptr(rootfs_queue) queue =
        rootfs_queue_new(content->database->format, paths, items->len,
                         MIN(g_get_num_processors(), THREADS_MAX), BUDGET);
    rootfs_queue_overflow(queue, content->work_dir);
    g_autoptr(unpacker) u = unpacker_new(content->database, to, queue);
    if (!unpacker_merge(u, error))
        return FALSE;
    for (guint i = 0; i < items->len; i++) {
        const struct item *item = &g_array_index(items, struct item, i);
        progress_amount(p, "unpacking", done, total);
        if (!unpacker_take(u, item->package, cancel, error))
            return FALSE;
        done += item->size;
    }
    progress_amount(p, "unpacking", total, total);
    return unpacker_finish(u, error);
}

static gboolean unpack_all(const struct rootfs_content *content, names *to, progress *p,
                           GCancellable *cancel, GError **error)
{
    guint64 total = 0;
    g_autoptr(GArray) items = rootfs_sorted(content, &total, error);
    return items && unpack_sorted(content, items, total, to, p, cancel, error) &&
           !g_cancellable_set_error_if_cancelled(cancel, error);
}

static gboolean rootfs_fill(const char *raw, guint64 offset, const struct rootfs_spec *spec,
                            progress *p, GCancellable *cancel, GError **error)
{
    g_autoptr(ext) e = ext_open(raw, offset, error);
    return e && unpack_all(&spec->content, ext_names(e), p, cancel, error) &&
           ext_close(g_steal_pointer(&e), error);
}

static gboolean check_absent(const char *image, GError **error)
{
    if (!g_file_test(image, G_FILE_TEST_EXISTS))
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_HOST, NULL, "%s already exists", image);
    return FALSE;
}

gboolean rootfs_make(const struct rootfs_spec *spec, progress *p, GCancellable *cancel,
                     GError **error)
{
    g_autofree char *raw = g_build_filename(spec->content.work_dir, "rootfs.raw", NULL);
    guint64 offset = 0;
    if (!check_absent(spec->image, error))
        return FALSE;
    gboolean good = disk_make(raw, &spec->layout, &offset, cancel, error) &&
                    rootfs_fill(raw, offset, spec, p, cancel, error);
    if (good) {
        good = disk_convert(raw, spec->image, spec->format, cancel, error);
        if (!good)
            (void)unlink(spec->image);
    }
    (void)unlink(raw);
    return good;
}

/* What cannot be written is an errno (pax.h). */
static gboolean end_unpack(gboolean good, GError *cause, GError **error)
{
    if (good)
        return TRUE;
    if (cause->domain == TREE_ERROR)
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot write the archive of the files: %s",
                        cause->message);
    else
        g_propagate_error(error, g_steal_pointer(&cause));
    g_clear_error(&cause);
    return FALSE;
}

gboolean rootfs_unpack(const struct rootfs_content *content, int fd, progress *p,
                       GCancellable *cancel, GError **error)
{
    GError *cause = NULL;
    interrupt_survive_closed_pipes();
    g_autoptr(files_stream) to = files_stream_new(fd);
    gboolean good = unpack_all(content, files_stream_names(to), p, cancel, &cause) &&
                    files_stream_finish(to, &cause);
    close(fd);
    return end_unpack(good, cause, error);
}

static gboolean fill_from(const char *raw, guint64 offset, int fd, GCancellable *cancel,
                          GError **error)
{
    g_autoptr(ext) e = ext_open(raw, offset, error);
    return e && files_stream_read(fd, ext_names(e), cancel, error) &&
           ext_close(g_steal_pointer(&e), error);
}

static gboolean write_disk(const struct rootfs_disk *disk, int fd, GCancellable *cancel,
                           GError **error)
{
    guint64 offset = 0;
    return disk_make(disk->image, &disk->layout, &offset, cancel, error) &&
           fill_from(disk->image, offset, fd, cancel, error) &&
           (!disk->boot || grub_bios_embed(disk->image, disk->boot, disk->core, offset, error));
}

gboolean rootfs_write_disk(const struct rootfs_disk *disk, int fd, GCancellable *cancel,
                           GError **error)
{
    gboolean good = FALSE;
    if (disk->layout.efi)
        ingot_set_error(error, INGOT_EXIT_HOST, "use isolation: machine",
                        "a disk for UEFI cannot be written from a tree of files");
    else if (check_absent(disk->image, error)) {
        good = write_disk(disk, fd, cancel, error);
        if (!good)
            (void)unlink(disk->image);
    }
    close(fd);
    return good;
}
