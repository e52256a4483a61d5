/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/output.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/files.h"
#include "output/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUMS_LIMIT (1u << 20) /* bytes: some ten thousand templates */
#define FILES      2u         /* the image and its manifest */

/* One file on its way into out/. */
struct move {
    char *from, *to;
    char *earlier;     /* where the file that it replaces is kept meanwhile */
    gboolean replaced; /* there was one */
    gboolean moved;
    struct publish_sum sum;
};

gboolean publish_name_is_good(const char *name)
{
    return *name && *name != '.' && !strchr(name, '/') && !strchr(name, '\n') &&
           !strchr(name, '\\');
}

int publish_lock(const char *out_dir, GCancellable *cancel, GError **error)
{
    g_autofree char *path = g_build_filename(out_dir, ".ingot.lock", NULL);
    return files_lock(path, cancel, error);
}

static gboolean fail(GError **error, const char *what, const char *path)
{
    int code = errno;
    ingot_set_error(error, INGOT_EXIT_OUTPUT, NULL, "cannot %s %s: %s", what, path,
                    g_strerror(code));
    return FALSE;
}

/* A rename survives a power cut before the data does, unless the data went first. */
static gboolean sync_file(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail(error, "open", path);
    gboolean good = fsync(fd) == 0 || fail(error, "write to the disk", path);
    close(fd);
    return good;
}

static gboolean prepare(struct move *m, const char *staging, const char *out_dir, const char *name,
                        const char *extension, GCancellable *cancel, GError **error)
{
    char hex[DIGEST_HEX_LEN + 1];
    m->sum.file = g_strdup_printf("%s.%s", name, extension);
    m->from = g_build_filename(staging, m->sum.file, NULL);
    m->to = g_build_filename(out_dir, m->sum.file, NULL);
    m->earlier = g_strconcat(m->from, ".earlier", NULL);
    if (!sync_file(m->from, error) || !digest_file(m->from, hex, NULL, cancel, error))
        return FALSE;
    m->sum.sha256 = g_strdup(hex);
    return TRUE;
}

/* A hard link keeps the earlier file in its place until the new one takes it over; where there are
 * no hard links it is away for a moment. */
static gboolean keep_earlier(struct move *m, GError **error)
{
    struct stat info;
    if (lstat(m->to, &info) != 0)
        return errno == ENOENT || fail(error, "look at", m->to);
    if (!S_ISREG(info.st_mode)) {
        ingot_set_error(error, INGOT_EXIT_OUTPUT, "move it away",
                        "%s is in the way: it is not a file", m->to);
        return FALSE;
    }
    m->replaced = link(m->to, m->earlier) == 0 || rename(m->to, m->earlier) == 0;
    return m->replaced || fail(error, "replace", m->to);
}

static gboolean do_move(struct move *m, GError **error)
{
    if (!keep_earlier(m, error))
        return FALSE;
    m->moved = files_rename(m->from, m->to, error);
    return m->moved;
}

static void undo_move(struct move *m)
{
    if (m->moved && rename(m->to, m->from) != 0)
        g_warning("cannot take back %s: %s", m->to, g_strerror(errno));
    if (m->replaced && rename(m->earlier, m->to) != 0)
        g_warning("cannot put back %s, it is in %s: %s", m->to, m->earlier, g_strerror(errno));
    m->moved = m->replaced = FALSE;
}

static gboolean write_sums(const struct move *moves, const char *out_dir, GError **error)
{
    g_autofree char *path = g_build_filename(out_dir, PUBLISH_SUMS, NULL);
    g_autofree char *old = NULL;
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        old = files_read(path, SUMS_LIMIT, NULL, error);
        if (!old)
            return FALSE;
    }
    const struct publish_sum sums[FILES] = {moves[0].sum, moves[1].sum};
    g_autofree char *text = sums_merge(old, out_dir, sums, FILES);
    return files_write_atomic(path, text, -1, 0644, error);
}

static gboolean move_all(struct move *moves, const char *out_dir, GError **error)
{
    gboolean good = TRUE;
    for (gsize i = 0; good && i < FILES; i++)
        good = do_move(&moves[i], error);
    good = good && write_sums(moves, out_dir, error);
    /* The manifest first: it is never there without its image. */
    for (gsize i = FILES; !good && i-- > 0;)
        undo_move(&moves[i]);
    for (gsize i = 0; good && i < FILES; i++)
        (void)g_unlink(moves[i].earlier);
    return good;
}

static void clear(struct move *m)
{
    g_free(m->from);
    g_free(m->to);
    g_free(m->earlier);
    g_free(m->sum.file);
    g_free(m->sum.sha256);
}

gboolean output_publish(const char *staging, const char *out_dir, const char *name,
                        const char *extension, GCancellable *cancel, GError **error)
{
    if (!publish_name_is_good(name)) {
        ingot_set_error(error, INGOT_EXIT_OUTPUT, NULL, "%s is not a name for a template", name);
        return FALSE;
    }
    struct move moves[FILES] = {0};
    gboolean good = prepare(&moves[0], staging, out_dir, name, extension, cancel, error) &&
                    prepare(&moves[1], staging, out_dir, name, "json", cancel, error);
    int lock = good ? publish_lock(out_dir, cancel, error) : -1;
    good = lock >= 0 && !g_cancellable_set_error_if_cancelled(cancel, error) &&
           move_all(moves, out_dir, error);
    files_unlock(lock);
    for (gsize i = 0; i < FILES; i++)
        clear(&moves[i]);
    return good;
}
