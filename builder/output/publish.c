/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/output.h"

#include "base/error.h"
#include "base/files.h"
#include "output/journal.h"
#include "output/publish.h"

#include <errno.h>
#include <sys/stat.h>

#define SUMS_LIMIT (1u << 20) /* bytes: some ten thousand templates */

/* A link would publish what it leads to. */
static gboolean is_file(const char *path, GError **error)
{
    struct stat info;
    if (lstat(path, &info) != 0) {
        ingot_set_error(error, INGOT_EXIT_OUTPUT, NULL, "cannot open %s: %s", path,
                        g_strerror(errno));
        return FALSE;
    }
    if (!S_ISREG(info.st_mode))
        ingot_set_error(error, INGOT_EXIT_OUTPUT, NULL, "cannot open %s: it is not a file", path);
    return S_ISREG(info.st_mode);
}

static gboolean publish_prepare(const char *staging, const GPtrArray *files, GError **error)
{
    for (guint i = 0; i < files->len; i++) {
        const output_file *file = g_ptr_array_index(files, i);
        g_autofree char *path = g_build_filename(staging, file->name, NULL);
        if (!publish_name_is_good(file->name)) {
            ingot_set_error(error, INGOT_EXIT_OUTPUT, NULL,
                            "%s is not a valid file name for a template", file->name);
            return FALSE;
        }
        if (!is_file(path, error) || !files_sync(path, error))
            return FALSE;
    }
    return TRUE;
}

/* SHA256SUMS as it will be, in the staging directory. */
static gboolean write_sums(const GPtrArray *files, const char *staging, const char *out_dir,
                           GError **error)
{
    g_autofree char *path = g_build_filename(out_dir, PUBLISH_SUMS, NULL);
    g_autofree char *staged = g_build_filename(staging, PUBLISH_SUMS, NULL);
    g_autofree char *old = NULL;
    if (g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        old = files_read(path, SUMS_LIMIT, NULL, error);
        if (!old)
            return FALSE;
    }
    g_autofree char *text = sums_merge(old, out_dir, files);
    return files_write_atomic(staged, text, -1, 0644, error);
}

/* In their order, the sums last: a reader meanwhile sees sums that do not match rather than sums
 * that match the wrong image. */
static gboolean move_all(const GPtrArray *files, const char *staging, const char *out_dir,
                         GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < files->len; i++)
        g_ptr_array_add(names, ((const output_file *)g_ptr_array_index(files, i))->name);
    g_ptr_array_add(names, (gpointer)PUBLISH_SUMS);
    g_ptr_array_add(names, NULL);
    return write_sums(files, staging, out_dir, error) &&
           journal_begin(staging, out_dir, (const char *const *)names->pdata, error) &&
           journal_commit(staging, out_dir, error);
}

gboolean output_publish(const char *staging, const char *out_dir, const GPtrArray *files,
                        GCancellable *cancel, GError **error)
{
    if (!publish_prepare(staging, files, error))
        return FALSE;
    int lock = publish_lock(out_dir, cancel, error);
    gboolean good = lock >= 0 && !g_cancellable_set_error_if_cancelled(cancel, error) &&
                    move_all(files, staging, out_dir, error);
    files_unlock(lock);
    return good;
}
