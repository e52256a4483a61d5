/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/layer.h"

#include "base/error.h"
#include "base/files.h"
#include "base/pipe.h"
#include "base/space.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define LAYER_LEVEL "1"
/* More than one, so that libzstd cuts its blocks as it does for any number of them. */
#define LAYER_THREADS "2"
#define LAYER_CHUNK   (256u << 10)

struct layer_writer {
    const char *path; /* for messages */
    int from, to;
    digest *sum;
    guint64 size, unpacked;
    GError *error;
};

static la_ssize_t layer_write(struct archive *a, void *data, const void *block, size_t size)
{
    struct layer_writer *w = data;
    if (!files_write_all(w->to, block, size)) {
        archive_set_error(a, errno, "%s", g_strerror(errno));
        return -1;
    }
    digest_update(w->sum, block, size);
    w->size += size;
    return (la_ssize_t)size;
}

static gboolean layer_fail_write(const char *path, int code, const char *why, GError **error)
{
    if (code == ENOSPC || space_is_full(path)) {
        g_autofree char *cause = space_full_cause(path), *remedy = space_full_remedy(path);
        ingot_set_error(error, INGOT_EXIT_HOST, remedy, "%s", cause);
    } else {
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot write %s: %s", path, why);
    }
    return FALSE;
}

static gboolean layer_copy(struct layer_writer *w, struct archive *a)
{
    g_autofree char *chunk = g_malloc(LAYER_CHUNK);
    ssize_t n;
    while ((n = read(w->from, chunk, LAYER_CHUNK)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || archive_write_data(a, chunk, (size_t)n) != n)
            return FALSE;
        w->unpacked += (guint64)n;
    }
    return TRUE;
}

static gboolean layer_begin(struct layer_writer *w, struct archive *a)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_filetype(entry, AE_IFREG);
    gboolean good =
        archive_write_add_filter_zstd(a) == ARCHIVE_OK &&
        archive_write_set_filter_option(a, "zstd", "compression-level", LAYER_LEVEL) ==
            ARCHIVE_OK &&
        archive_write_set_filter_option(a, "zstd", "threads", LAYER_THREADS) == ARCHIVE_OK &&
        archive_write_set_format_raw(a) == ARCHIVE_OK &&
        archive_write_set_bytes_per_block(a, (int)LAYER_CHUNK) == ARCHIVE_OK &&
        archive_write_set_bytes_in_last_block(a, 1) == ARCHIVE_OK &&
        archive_write_open(a, w, NULL, layer_write, NULL) == ARCHIVE_OK &&
        archive_write_header(a, entry) == ARCHIVE_OK;
    archive_entry_free(entry);
    return good;
}

/* Compresses what comes; TRUE: all of it.  A closed pipe ends the sender. */
static gpointer layer_compress(gpointer data)
{
    struct layer_writer *w = data;
    struct archive *a = archive_write_new();
    if (!layer_begin(w, a) || !layer_copy(w, a) || archive_write_close(a) != ARCHIVE_OK) {
        const char *why = archive_error_string(a);
        (void)layer_fail_write(w->path, archive_errno(a), why ? why : g_strerror(errno), &w->error);
    }
    archive_write_free(a);
    close(g_steal_fd(&w->from));
    return GINT_TO_POINTER(!w->error);
}

static gboolean layer_stream(tree *t, gboolean changes, struct layer_writer *w, GError **error)
{
    int ends[2];
    if (!pipe_open(ends, error))
        return FALSE;
    w->from = ends[0];
    GThread *thread = g_thread_new("layer", layer_compress, w);
    g_autoptr(GError) local = NULL;
    gboolean sent = tree_send_layer(t, changes, ends[1], &local);
    gboolean written = GPOINTER_TO_INT(g_thread_join(thread));
    /* When the writer has stopped, its end of the pipe is what the server complains of. */
    if (!sent && (written || tree_errno(local) != EPIPE)) {
        g_clear_error(&w->error);
        g_propagate_error(error, g_steal_pointer(&local));
    } else if (!written) {
        g_propagate_error(error, g_steal_pointer(&w->error));
    }
    return sent && written;
}

static gboolean layer_write_file(tree *t, gboolean changes, const char *path, const char *temporary,
                                 struct layer *layer, GError **error)
{
    g_autoptr(digest) sum = digest_new();
    struct layer_writer w = {.path = path, .sum = sum};
    w.to = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (w.to < 0)
        return layer_fail_write(path, errno, g_strerror(errno), error);
    gboolean good = layer_stream(t, changes, &w, error);
    if (close(w.to) != 0 && good)
        good = layer_fail_write(path, errno, g_strerror(errno), error);
    struct layer found = {.size = w.size, .unpacked = w.unpacked};
    digest_finish(sum, found.sha256);
    if (layer)
        *layer = found;
    return good;
}

gboolean layer_save(tree *t, gboolean changes, const char *path, struct layer *layer,
                    GError **error)
{
    g_autofree char *temporary = g_strconcat(path, ".making", NULL);
    (void)unlink(temporary);
    if (layer_write_file(t, changes, path, temporary, layer, error) &&
        files_rename(temporary, path, error))
        return TRUE;
    (void)unlink(temporary);
    return FALSE;
}

/* ---- putting ---- */

struct layer_reader {
    const char *path;
    int to;
    GError *error;
};

static gboolean layer_fail_read(const char *path, const char *why, GError **error)
{
    ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot read the layer %s: %s", path, why);
    return FALSE;
}

static int layer_open(struct archive *a, const char *path)
{
    struct archive_entry *entry;
    int code = archive_read_support_filter_zstd(a);
    if (code == ARCHIVE_OK)
        code = archive_read_support_format_raw(a);
    if (code == ARCHIVE_OK)
        code = archive_read_open_filename(a, path, LAYER_CHUNK);
    return code == ARCHIVE_OK ? archive_read_next_header(a, &entry) : code;
}

/* A receiver that gives up is the cause, not the pipe that it closes. */
static void layer_expand(struct layer_reader *r, struct archive *a)
{
    const void *block;
    size_t size;
    la_int64_t offset;
    int code = layer_open(a, r->path);
    while (code == ARCHIVE_OK &&
           (code = archive_read_data_block(a, &block, &size, &offset)) == ARCHIVE_OK)
        if (!files_write_all(r->to, block, size))
            return;
    if (code != ARCHIVE_EOF) {
        const char *why = archive_error_string(a);
        (void)layer_fail_read(r->path, why ? why : "it is damaged", &r->error);
    }
}

/* A core expands while another one writes files. */
static gpointer layer_expand_thread(gpointer data)
{
    struct layer_reader *r = data;
    struct archive *a = archive_read_new();
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    layer_expand(r, a);
    archive_read_free(a);
    close(r->to);
    return GINT_TO_POINTER(!r->error);
}

static gboolean layer_put_one(tree *t, const char *path, GError **error)
{
    int ends[2];
    if (!pipe_open(ends, error))
        return FALSE;
    struct layer_reader reader = {.path = path, .to = ends[1]};
    g_autoptr(GError) local = NULL;
    GThread *thread = g_thread_new("layer", layer_expand_thread, &reader);
    gboolean received = tree_receive(t, "/", ends[0], &local);
    gboolean expanded = GPOINTER_TO_INT(g_thread_join(thread));
    if (!expanded) {
        g_propagate_error(error, reader.error);
    } else if (!received) {
        g_propagate_prefixed_error(error, g_steal_pointer(&local), "%s: ", path);
    }
    return received && expanded;
}

gboolean layer_put(tree *t, const char *const *paths, GError **error)
{
    for (; *paths; paths++)
        if (!layer_put_one(t, *paths, error))
            return FALSE;
    return TRUE;
}
