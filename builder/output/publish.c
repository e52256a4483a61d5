/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/output.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/files.h"
#include "output/journal.h"
#include "output/publish.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define SUMS_LIMIT (1u << 20) /* bytes: some ten thousand templates */
#define FILES      2u         /* the image and its manifest */

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

static gboolean publish_prepare(struct publish_sum *sum, const char *staging, const char *name,
                                const char *extension, const char *sha256, GCancellable *cancel,
                                GError **error)
{
    char hex[DIGEST_HEX_LEN + 1];
    sum->file = g_strdup_printf("%s.%s", name, extension);
    g_autofree char *path = g_build_filename(staging, sum->file, NULL);
    if (!is_file(path, error) || !files_sync(path, error) ||
        (!sha256 && !digest_file(path, hex, NULL, cancel, error)))
        return FALSE;
    sum->sha256 = g_strdup(sha256 ? sha256 : hex);
    return TRUE;
}

/* SHA256SUMS as it will be, in the staging directory. */
static gboolean write_sums(const struct publish_sum *sums, const char *staging, const char *out_dir,
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
    g_autofree char *text = sums_merge(old, out_dir, sums, FILES);
    return files_write_atomic(staged, text, -1, 0644, error);
}

/* The image first, the sums last: who looks meanwhile never finds a manifest without its image, and
 * sees sums that do not fit rather than sums that fit the wrong image. */
static gboolean move_all(const struct publish_sum *sums, const char *staging, const char *out_dir,
                         GError **error)
{
    const char *const names[] = {sums[0].file, sums[1].file, PUBLISH_SUMS, NULL};
    return write_sums(sums, staging, out_dir, error) &&
           journal_begin(staging, out_dir, names, error) && journal_commit(staging, out_dir, error);
}

gboolean output_publish(const char *staging, const char *out_dir, const char *name,
                        const char *extension, const char *sha256, GCancellable *cancel,
                        GError **error)
{
    if (!publish_name_is_good(name)) {
        ingot_set_error(error, INGOT_EXIT_OUTPUT, NULL, "%s is not a name for a template", name);
        return FALSE;
    }
    struct publish_sum sums[FILES] = {0};
    gboolean good = publish_prepare(&sums[0], staging, name, extension, sha256, cancel, error) &&
                    publish_prepare(&sums[1], staging, name, "json", NULL, cancel, error);
    int lock = good ? publish_lock(out_dir, cancel, error) : -1;
    good = lock >= 0 && !g_cancellable_set_error_if_cancelled(cancel, error) &&
           move_all(sums, staging, out_dir, error);
    files_unlock(lock);
    for (gsize i = 0; i < FILES; i++) {
        g_free(sums[i].file);
        g_free(sums[i].sha256);
    }
    return good;
}
