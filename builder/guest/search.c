/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/search.h"

#include "base/error.h"
#include "base/text.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define CHUNK         (256u << 10)
#define STREAM_LIMIT  (16ull << 30) /* bytes: a sparse file of any size is sent in full */
#define SECRET_UNIQUE 8u            /* bytes from which a secret is no chance find */
#define MAC_BYTES     6u

static void needle_clear(gpointer data)
{
    struct needle *n = data;
    gsize length;
    const void *bytes = g_bytes_get_data(n->bytes, &length);
    explicit_bzero((void *)(guintptr)bytes, length);
    g_bytes_unref(n->bytes);
}

GArray *needles_new(void)
{
    GArray *needles = g_array_new(FALSE, FALSE, sizeof(struct needle));
    g_array_set_clear_func(needles, needle_clear);
    return needles;
}

static void add(GArray *needles, const void *bytes, gsize length, gboolean any_case,
                const char *what)
{
    struct needle n = {g_bytes_new(bytes, length), any_case, what};
    if (length)
        g_array_append_val(needles, n);
    else
        g_bytes_unref(n.bytes);
}

void needles_add_mac(GArray *needles, const char *mac, const char *what)
{
    guint8 raw[MAC_BYTES];
    guint n = 0;
    for (const char *p = mac; n < MAC_BYTES && g_ascii_isxdigit(p[0]) && g_ascii_isxdigit(p[1]);
         n++) {
        raw[n] = (guint8)(g_ascii_xdigit_value(p[0]) << 4 | g_ascii_xdigit_value(p[1]));
        p += p[2] ? 3 : 2;
    }
    if (n < MAC_BYTES)
        return;
    for (const char *const *dot = (const char *const[]){":", "-", "", NULL}; *dot; dot++) {
        g_autofree char *text =
            g_strdup_printf("%02x%s%02x%s%02x%s%02x%s%02x%s%02x", raw[0], *dot, raw[1], *dot,
                            raw[2], *dot, raw[3], *dot, raw[4], *dot, raw[5]);
        add(needles, text, strlen(text), TRUE, what);
    }
    if (raw[3] || raw[4]) /* bytes that are mostly zero are found everywhere */
        add(needles, raw, sizeof raw, FALSE, what);
}

void needles_add_secret(GArray *needles, const char *secret, const char *what)
{
    gsize length = strlen(secret);
    if (length >= SECRET_UNIQUE) {
        add(needles, secret, length, FALSE, what);
        return;
    }
    static const char *const lead[] = {"password ", "password=", "password: ", "again password ",
                                       NULL};
    for (const char *const *l = lead; length && *l; l++) {
        g_autofree char *line = g_strconcat(*l, secret, "\n", NULL);
        add(needles, line, strlen(line), FALSE, what);
        explicit_bzero(line, strlen(line));
    }
}

/* One file is seen in chunks; the end of each is kept before the next, so that nothing that lies
 * across the border is missed. */
struct window {
    char *plain, *folded;
    gsize kept, longest;
};

static void fold(struct window *w, gsize from, gsize to)
{
    for (gsize i = from; i < to; i++)
        w->folded[i] = g_ascii_tolower(w->plain[i]);
}

static const char *find(const struct window *w, gsize length, GArray *needles)
{
    for (guint i = 0; i < needles->len; i++) {
        const struct needle *n = &g_array_index(needles, struct needle, i);
        gsize size;
        const void *bytes = g_bytes_get_data(n->bytes, &size);
        if (memmem(n->any_case ? w->folded : w->plain, length, bytes, size))
            return n->what;
    }
    return NULL;
}

/* What was found in this file, or NULL; the rest of the file is left for the next header. */
static const char *search_entry(struct archive *a, struct window *w, GArray *needles)
{
    la_ssize_t n;
    w->kept = 0;
    while ((n = archive_read_data(a, w->plain + w->kept, CHUNK)) > 0) {
        gsize length = w->kept + (gsize)n;
        fold(w, w->kept, length);
        const char *what = find(w, length, needles);
        if (what)
            return what;
        w->kept = MIN(length, w->longest - 1);
        memmove(w->plain, w->plain + length - w->kept, w->kept);
        memmove(w->folded, w->folded + length - w->kept, w->kept);
    }
    return NULL;
}

static void report(GPtrArray *found, const char *what, const char *prefix, const char *path)
{
    while (g_str_has_prefix(path, "./"))
        path += 2;
    g_autofree char *full = g_build_filename(prefix, path, NULL);
    g_autofree char *clean = text_printable(full, -1);
    g_ptr_array_add(found, g_strdup_printf("%s in %s", what, clean));
}

static int search_all(struct archive *a, const char *prefix, struct window *w, GArray *needles,
                      GPtrArray *found)
{
    struct archive_entry *entry;
    int result;
    while ((result = archive_read_next_header(a, &entry)) == ARCHIVE_OK || result == ARCHIVE_WARN) {
        const char *path = archive_entry_pathname(entry);
        g_autofree char *name = g_strdup(path ? path : "(a name that is not text)");
        const char *what =
            archive_entry_filetype(entry) == AE_IFREG ? search_entry(a, w, needles) : NULL;
        if (what)
            report(found, what, prefix, name);
        if ((guint64)archive_filter_bytes(a, 0) > STREAM_LIMIT)
            break;
    }
    return result;
}

/* The writer waits for its reader, so what is left is read whatever happened. */
static void drain(int fd)
{
    char rest[4096];
    while (read(fd, rest, sizeof rest) > 0)
        continue;
}

static struct archive *open_tar(int fd)
{
    struct archive *a = archive_read_new();
    archive_read_support_format_tar(a);
    archive_read_support_format_empty(a);
    /* A failure here comes back, with its reason, from the first archive_read_next_header. */
    (void)archive_read_open_fd(a, fd, CHUNK);
    return a;
}

gboolean search_tar(int fd, const char *prefix, GArray *needles, GPtrArray *found, GError **error)
{
    struct window w = {.longest = 1};
    for (guint i = 0; i < needles->len; i++)
        w.longest =
            MAX(w.longest, g_bytes_get_size(g_array_index(needles, struct needle, i).bytes));
    w.plain = g_malloc(CHUNK + w.longest);
    w.folded = g_malloc(CHUNK + w.longest);
    struct archive *a = open_tar(fd);
    int result = search_all(a, prefix, &w, needles, found);
    if (result != ARCHIVE_EOF) {
        const char *why = archive_error_string(a);
        ingot_set_error(error, INGOT_EXIT_SEAL, NULL, "cannot search %s of the guest: %s", prefix,
                        result == ARCHIVE_OK ? "it has more than 16 GiB"
                        : why                ? why
                                             : "no reason");
    }
    drain(fd);
    archive_read_free(a);
    g_free(w.plain);
    g_free(w.folded);
    return result == ARCHIVE_EOF;
}

struct search_job {
    int fd;
    const char *prefix;
    GArray *needles;
    GPtrArray *found;
    GError *error;
};

static gpointer search_thread(gpointer data)
{
    struct search_job *job = data;
    gboolean good = search_tar(job->fd, job->prefix, job->needles, job->found, &job->error);
    close(job->fd);
    return GINT_TO_POINTER(good);
}

static gboolean stream(guest *g, const char *directory, struct search_job *job, int write_end,
                       GError **error)
{
    g_autofree char *path = g_strdup_printf("/dev/fd/%d", write_end);
    GThread *thread = g_thread_new("search", search_thread, job);
    int sent = guestfs_tar_out_opts(g->h, directory, path, -1);
    close(write_end);
    gboolean searched = GPOINTER_TO_INT(g_thread_join(thread)) != 0;
    if (sent != 0) {
        g_clear_error(&job->error);
        return guest_fail(g, error, "read %s in the guest", directory);
    }
    if (!searched)
        g_propagate_error(error, g_steal_pointer(&job->error));
    return searched;
}

gboolean guest_search(guest *g, const char *directory, GArray *needles, GPtrArray *found,
                      GError **error)
{
    int present = guestfs_is_dir(g->h, directory), ends[2];
    if (present < 0)
        return guest_fail(g, error, "look at %s in the guest", directory);
    if (!present || !needles->len)
        return TRUE;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot make a pipe");
        return FALSE;
    }
    struct search_job job = {ends[0], directory, needles, found, NULL};
    return stream(g, directory, &job, ends[1], error);
}
