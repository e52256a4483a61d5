/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/rootfs.h"

#include "base/error.h"
#include "rootfs/disk.h"
#include "rootfs/dpkg.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUDGET      ((gsize)384 << 20) /* of decompressed packages that wait to be written */
#define THREADS_MAX 4u /* each has the window of its decompressor, 8 MiB at the usual xz -6 */

struct item {
    const struct rootfs_deb *deb;
    guint64 size;
};

/* base-files decides the modes of the directories that it ships; the others begin with the largest,
 * so that no thread is left with a long one at the end. */
static gint in_order(gconstpointer a, gconstpointer b)
{
    const struct item *one = a, *two = b;
    gboolean base_one = g_str_equal(one->deb->name, "base-files");
    gboolean base_two = g_str_equal(two->deb->name, "base-files");
    if (base_one != base_two)
        return base_one ? -1 : 1;
    if (one->size != two->size)
        return one->size > two->size ? -1 : 1;
    return strcmp(one->deb->name, two->deb->name);
}

static gboolean check_name(const struct rootfs_deb *d, GHashTable *names, GError **error)
{
    if (g_hash_table_add(names, (gpointer)d->name))
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "the package %s is there twice", d->name);
    return FALSE;
}

static GArray *sorted(const struct rootfs_spec *spec, guint64 *total, GError **error)
{
    g_autoptr(GArray) items = g_array_new(FALSE, FALSE, sizeof(struct item));
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    for (gsize i = 0; i < spec->n_debs; i++) {
        struct stat info;
        struct item item = {.deb = &spec->debs[i]};
        if (!check_name(item.deb, names, error))
            return NULL;
        if (stat(item.deb->path, &info) != 0) {
            ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "cannot open the package %s: %s",
                            item.deb->path, g_strerror(errno));
            return NULL;
        }
        item.size = (guint64)info.st_size;
        *total += item.size;
        g_array_append_val(items, item);
    }
    g_array_sort(items, in_order);
    return g_steal_pointer(&items);
}

/* What every system has, whatever the packages are; lib64 and the like are made when needed. */
static gboolean make_skeleton(ext *e, GError **error)
{
    static const char *const merged[] = {"bin", "sbin", "lib"};
    const struct ext_meta usual = {.mode = 0755, .mtime = g_get_real_time() / G_USEC_PER_SEC};
    for (gsize i = 0; i < G_N_ELEMENTS(merged); i++) {
        g_autofree char *target = g_strconcat("usr/", merged[i], NULL);
        if (!ext_directory(e, target, &usual, error) ||
            !ext_symlink(e, merged[i], target, &usual, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean unpack_all(ext *e, const GArray *items, guint64 total, progress *p,
                           GCancellable *cancel, GError **error)
{
    g_autofree const char **paths = g_new0(const char *, items->len);
    guint64 done = 0;
    for (guint i = 0; i < items->len; i++)
        paths[i] = g_array_index(items, struct item, i).deb->path;
    g_autoptr(dpkg_db) db = dpkg_db_new(e);
    g_autoptr(deb_queue) queue =
        deb_queue_new(paths, items->len, MIN(g_get_num_processors(), THREADS_MAX), BUDGET);
    for (guint i = 0; i < items->len; i++) {
        const struct item *item = &g_array_index(items, struct item, i);
        progress_amount(p, "unpacking", done, total);
        if (!dpkg_db_unpack(db, queue, item->deb->name, item->deb->automatic, cancel, error))
            return FALSE;
        done += item->size;
    }
    progress_amount(p, "unpacking", total, total);
    return dpkg_db_finish(db, error);
}

static gboolean rootfs_fill(const char *raw, guint64 offset, const struct rootfs_spec *spec,
                            progress *p, GCancellable *cancel, GError **error)
{
    guint64 total = 0;
    g_autoptr(GArray) items = sorted(spec, &total, error);
    g_autoptr(ext) e = items ? ext_open(raw, offset, error) : NULL;
    return e && make_skeleton(e, error) && unpack_all(e, items, total, p, cancel, error) &&
           !g_cancellable_set_error_if_cancelled(cancel, error) &&
           ext_close(g_steal_pointer(&e), error);
}

gboolean rootfs_make(const struct rootfs_spec *spec, progress *p, GCancellable *cancel,
                     GError **error)
{
    g_autofree char *raw = g_build_filename(spec->work_dir, "rootfs.raw", NULL);
    guint64 offset = 0;
    if (g_file_test(spec->image, G_FILE_TEST_EXISTS)) {
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "%s is there already", spec->image);
        return FALSE;
    }
    gboolean good = disk_make(raw, spec->size, spec->efi, &offset, cancel, error) &&
                    rootfs_fill(raw, offset, spec, p, cancel, error);
    if (good) {
        good = disk_convert(raw, spec->image, spec->format, cancel, error);
        if (!good)
            (void)unlink(spec->image);
    }
    (void)unlink(raw);
    return good;
}
