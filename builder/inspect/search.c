/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/search.h"

#include "base/error.h"
#include "inspect/finding.h"

#include <archive.h>
#include <archive_entry.h>
#include <fnmatch.h>
#include <string.h>

#define CHUNK         (256u << 10)
#define STREAM_LIMIT  (16ull << 30) /* bytes: a sparse file of any size is sent in full */
#define SECRET_UNIQUE 8u            /* bytes from which a secret is no chance find */
#define MAC_BYTES     6u

static void needle_clear(gpointer data)
{
    struct needle *n = data;
    gsize length;
    const void *bytes = g_bytes_get_data(n->bytes, &length);
    if (!n->pattern) /* no secret, and const */
        explicit_bzero((void *)(guintptr)bytes, length);
    g_bytes_unref(n->bytes);
}

GArray *needles_new(void)
{
    GArray *needles = g_array_new(FALSE, FALSE, sizeof(struct needle));
    g_array_set_clear_func(needles, needle_clear);
    return needles;
}

static void search_add(GArray *needles, const void *bytes, gsize length, gboolean any_case,
                       const inspect_rule *rule, const char *what)
{
    struct needle n = {g_bytes_new(bytes, length), any_case, rule, what, NULL};
    if (length)
        g_array_append_val(needles, n);
    else
        g_bytes_unref(n.bytes);
}

void needles_add_mac(GArray *needles, const char *mac, const inspect_rule *rule, const char *what)
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
        search_add(needles, text, strlen(text), TRUE, rule, what);
    }
    if (raw[3] || raw[4]) /* bytes that are mostly zero are found everywhere */
        search_add(needles, raw, sizeof raw, FALSE, rule, what);
}

void needles_add_secret(GArray *needles, const char *secret, const inspect_rule *rule,
                        const char *what)
{
    gsize length = strlen(secret);
    if (length >= SECRET_UNIQUE) {
        search_add(needles, secret, length, FALSE, rule, what);
        return;
    }
    static const char *const lead[] = {"password ", "password=", "password: ", "again password ",
                                       NULL};
    for (const char *const *l = lead; length && *l; l++) {
        g_autofree char *line = g_strconcat(*l, secret, "\n", NULL);
        search_add(needles, line, strlen(line), FALSE, rule, what);
        explicit_bzero(line, strlen(line));
    }
}

void needles_add_pattern(GArray *needles, const struct search_pattern *pattern)
{
    const char *text = pattern->parts[0].text;
    struct needle n = {g_bytes_new_static(text ? text : "", text ? strlen(text) : 0), FALSE,
                       pattern->rule, pattern->what, pattern};
    g_array_append_val(needles, n);
}

/* ---- patterns ---- */

static gboolean in_set(guchar c, const char *set)
{
    gboolean outside = *set == '^';
    for (const char *s = set + outside; *s; s += s[1] == '-' && s[2] ? 3 : 1) {
        gboolean range = s[1] == '-' && s[2];
        if (c >= (guchar)*s && c <= (guchar)(range ? s[2] : *s))
            return !outside;
    }
    return outside;
}

static gboolean search_is_word(char c)
{
    return g_ascii_isalnum(c) || (c && strchr("_-+/", c));
}

/* The end of what matches parts from at on, or NULL; nothing is read from end on. */
static const char *match_parts(const struct search_part *parts, guint n, const char *at,
                               const char *end)
{
    if (!n || !parts->text)
        return at;
    gsize length = strlen(parts->text);
    if ((gsize)(end - at) < length || memcmp(at, parts->text, length) != 0)
        return NULL;
    at += length;
    for (guint taken = 0;; taken++, at++) {
        const char *last = taken >= parts->least ? match_parts(parts + 1, n - 1, at, end) : NULL;
        if (last)
            return last;
        if (taken == parts->most || at == end || !in_set((guchar)*at, parts->set))
            return NULL;
    }
}

/* begin: of the file, or of a chunk: a match at the beginning of a chunk was already seen at the
 * end of the previous one, with the bytes before it. */
static gboolean search_matches(const struct search_pattern *p, const char *begin, gboolean first,
                               const char *at, const char *end)
{
    gboolean alone = at == begin ? first : !search_is_word(at[-1]);
    return (!p->alone || alone) && match_parts(p->parts, SEARCH_PARTS, at, end) != NULL;
}

static gsize longest_match(const struct needle *n)
{
    gsize length = g_bytes_get_size(n->bytes);
    for (guint i = 0; n->pattern && i < SEARCH_PARTS; i++) {
        const struct search_part *part = &n->pattern->parts[i];
        length += (i && part->text ? strlen(part->text) : 0) + part->most;
    }
    return length + (n->pattern ? 1 : 0); /* the bytes before */
}

/* ---- one file ---- */

/* The file is searched in chunks; the end of each is kept before the next, so that nothing
 * across the border is missed. */
struct window {
    char *plain, *folded;
    gsize kept, longest;
    gboolean first; /* the file begins here */
    gboolean *open; /* the needles that are looked for in this file */
    guint count;    /* how many */
};

static void fold(struct window *w, gsize from, gsize to)
{
    for (gsize i = from; i < to; i++)
        w->folded[i] = g_ascii_tolower(w->plain[i]);
}

static gboolean search_is_in(const struct window *w, gsize length, const struct needle *n)
{
    gsize size;
    const char *bytes = g_bytes_get_data(n->bytes, &size);
    const char *begin = n->any_case ? w->folded : w->plain, *end = begin + length;
    if (!size)
        return length > 0;
    for (const char *at = begin; (at = memmem(at, (gsize)(end - at), bytes, size)); at++)
        if (!n->pattern || search_matches(n->pattern, begin, w->first, at, end))
            return TRUE;
    return FALSE;
}

static gboolean is_among(const char *path, const char *patterns)
{
    g_auto(GStrv) words = g_strsplit(patterns, " ", -1);
    for (char **word = words; *word; word++)
        if (fnmatch(*word, path, 0) == 0)
            return TRUE;
    return FALSE;
}

static void search_choose(struct window *w, const GArray *needles, const char *path)
{
    w->count = 0;
    for (guint i = 0; i < needles->len; i++) {
        const struct search_pattern *p = g_array_index(needles, struct needle, i).pattern;
        w->open[i] =
            !p || ((!p->only || is_among(path, p->only)) && (!p->skip || !is_among(path, p->skip)));
        w->count += w->open[i];
    }
}

static void close_rule(struct window *w, const GArray *needles, const inspect_rule *rule)
{
    for (guint i = 0; i < needles->len; i++)
        if (w->open[i] && g_array_index(needles, struct needle, i).rule == rule) {
            w->open[i] = FALSE;
            w->count--;
        }
}

static void search_look(struct window *w, gsize length, const GArray *needles, const char *path,
                        GPtrArray *found)
{
    for (guint i = 0; i < needles->len; i++) {
        const struct needle *n = &g_array_index(needles, struct needle, i);
        if (!w->open[i] || !search_is_in(w, length, n))
            continue;
        policy_break(found, n->rule, path, "%s in %s", n->what, path);
        close_rule(w, needles, n->rule);
    }
}

/* If nothing more is searched for, the rest of a file is skipped for the next header. */
static void search_entry(struct archive *a, struct window *w, const GArray *needles,
                         const char *path, GPtrArray *found)
{
    la_ssize_t n;
    w->kept = 0;
    w->first = TRUE;
    search_choose(w, needles, path);
    while (w->count && (n = archive_read_data(a, w->plain + w->kept, CHUNK)) > 0) {
        gsize length = w->kept + (gsize)n;
        fold(w, w->kept, length);
        search_look(w, length, needles, path, found);
        w->first = FALSE;
        w->kept = MIN(length, w->longest - 1);
        memmove(w->plain, w->plain + length - w->kept, w->kept);
        memmove(w->folded, w->folded + length - w->kept, w->kept);
    }
}

/* ---- all of them ---- */

static char *search_full_path(const char *prefix, struct archive_entry *entry)
{
    const char *path = archive_entry_pathname(entry);
    path = path ? path : "(a name that is not text)";
    while (g_str_has_prefix(path, "./"))
        path += 2;
    return g_build_filename(prefix, path, NULL);
}

static int search_all(struct archive *a, const char *prefix, struct window *w,
                      const GArray *needles, GPtrArray *found)
{
    struct archive_entry *entry;
    int result;
    while ((result = archive_read_next_header(a, &entry)) == ARCHIVE_OK || result == ARCHIVE_WARN) {
        g_autofree char *path = search_full_path(prefix, entry);
        if (archive_entry_filetype(entry) == AE_IFREG)
            search_entry(a, w, needles, path, found);
        if ((guint64)archive_filter_bytes(a, 0) > STREAM_LIMIT)
            break;
    }
    return result;
}

static struct archive *open_tar(int fd)
{
    struct archive *a = archive_read_new();
    archive_read_support_format_tar(a);
    archive_read_support_format_empty(a);
    /* Names are bytes, whatever the locale is. */
    (void)archive_read_set_options(a, "hdrcharset=BINARY");
    /* A failure here comes back, with its reason, from the first archive_read_next_header. */
    (void)archive_read_open_fd(a, fd, CHUNK);
    return a;
}

gboolean search_tar(int fd, const char *prefix, GArray *needles, GPtrArray *found, GError **error)
{
    struct window w = {.longest = 1};
    for (guint i = 0; i < needles->len; i++)
        w.longest = MAX(w.longest, longest_match(&g_array_index(needles, struct needle, i)));
    w.open = g_new0(gboolean, needles->len + 1);
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
    archive_read_free(a);
    g_free(w.plain);
    g_free(w.folded);
    g_free(w.open);
    return result == ARCHIVE_EOF;
}

struct job {
    const char *prefix;
    GArray *needles;
    GPtrArray *found;
};

static gboolean read_tar(int fd, gpointer data, GError **error)
{
    const struct job *job = data;
    return search_tar(fd, job->prefix, job->needles, job->found, error);
}

gboolean inspect_search(guest *g, const char *directory, char *const *excludes, GArray *needles,
                        GPtrArray *found, GError **error)
{
    gboolean present;
    if (!guest_is_directory(g, directory, &present, error))
        return FALSE;
    if (!present || !needles->len)
        return TRUE;
    struct job job = {directory, needles, found};
    return stream_tar(g, directory, excludes, read_tar, &job, error);
}
