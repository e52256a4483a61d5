/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/archive.h"

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "media/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX    (G_GUINT64_CONSTANT(1) << 30)
#define CHUNK       (256u << 10)
#define HOPS_MAX    40u /* as many links as path_resolution(7) allows */
#define REST_BYTES  65536u
#define MATCHES_MAX 1000u
#define SHOWN_MAX   10u

struct link {
    char *target;
    gboolean hard;
};

struct search {
    const char *source, *name;
    const struct media_format *format;
    struct media_pick *pick;
    const char *glob;   /* pick's, without leading "/" or "./" */
    GPtrArray *matches; /* paths that match */
    GPtrArray *near;    /* paths whose last part matches: shown when nothing does */
    char *written;      /* the path whose data is in pick->out, or NULL */
};

static void link_free(gpointer data)
{
    struct link *l = data;
    g_free(l->target);
    g_free(l);
}

/* ---- writing one file ---- */

static gboolean fail_file(const struct search *s, const char *path, const char *why, GError **error)
{
    g_autofree char *shown = text_printable(path, -1);
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "cannot extract the %s %s from %s: %s",
                    s->pick->what, shown, s->name, why);
    return FALSE;
}

static gboolean archive_copy(media_reader *reader, const struct search *s, const char *path, int fd,
                             GError **error)
{
    g_autofree char *chunk = g_malloc(CHUNK);
    guint64 total = 0;
    gssize n;
    while ((n = media_reader_data(reader, chunk, CHUNK, error)) > 0) {
        total += (guint64)n;
        if (total > FILE_MAX)
            return fail_file(s, path, "it is larger than 1 GiB", error);
        if (!files_write_all(fd, chunk, (gsize)n))
            return fail_file(s, path, g_strerror(errno), error);
    }
    if (n == 0 && total == 0)
        return fail_file(s, path, "it is empty", error);
    return n == 0;
}

static gboolean write_entry(media_reader *reader, struct search *s, const struct media_entry *entry,
                            GError **error)
{
    if (entry->size > FILE_MAX)
        return fail_file(s, entry->path, "it is larger than 1 GiB", error);
    int fd = open(s->pick->out, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return fail_file(s, entry->path, g_strerror(errno), error);
    s->written = g_strdup(entry->path);
    gboolean good = archive_copy(reader, s, entry->path, fd, error);
    if (close(fd) != 0 && good)
        good = fail_file(s, entry->path, g_strerror(errno), error);
    return good;
}

static void unwrite(struct search *s)
{
    if (s->written)
        (void)unlink(s->pick->out);
    g_clear_pointer(&s->written, g_free);
}

/* ---- links, followed inside the medium ---- */

static void go_up(GString *path)
{
    const char *slash = strrchr(path->str, '/');
    g_string_truncate(path, slash ? (gsize)(slash - path->str) : 0);
}

/* Walks the parts of rest, which grows by the target of each link on the way. */
static gboolean walk(GHashTable *links, GString *rest, GString *path)
{
    guint hops = 0;
    while (rest->len) {
        gsize length = strcspn(rest->str, "/");
        g_autofree char *part = g_strndup(rest->str, length);
        g_string_erase(rest, 0, (gssize)(length + (rest->str[length] == '/')));
        if (!*part || g_str_equal(part, "."))
            continue;
        if (g_str_equal(part, "..")) {
            go_up(path);
            continue;
        }
        g_string_append_printf(path, "%s%s", path->len ? "/" : "", part);
        const struct link *l = g_hash_table_lookup(links, path->str);
        if (!l)
            continue;
        if (++hops > HOPS_MAX || rest->len + strlen(l->target) > REST_BYTES)
            return FALSE;
        if (l->hard || *l->target == '/')
            g_string_truncate(path, 0);
        else
            go_up(path);
        g_string_prepend_c(rest, '/');
        g_string_prepend(rest, l->target);
    }
    return TRUE;
}

/* The path that a path leads to, as if the medium were the root; NULL: a loop. */
static char *archive_resolve(GHashTable *links, const char *from)
{
    g_autoptr(GString) rest = g_string_new(from);
    g_autoptr(GString) path = g_string_new(NULL);
    return walk(links, rest, path) ? g_strdup(path->str) : NULL;
}

/* ---- the first pass: what is there ---- */

static void note_path(struct search *s, const char *path)
{
    const char *name = strrchr(path, '/'), *tail = strrchr(s->glob, '/');
    name = name ? name + 1 : path;
    tail = tail ? tail + 1 : s->glob;
    if (s->near->len < SHOWN_MAX && fnmatch(tail, name, 0) == 0)
        g_ptr_array_add(s->near, g_strdup(path));
}

static gboolean archive_visit(media_reader *reader, struct search *s,
                              const struct media_entry *entry, gboolean *spent, GError **error)
{
    if (fnmatch(s->glob, entry->path, 0) != 0) {
        note_path(s, entry->path);
        return TRUE;
    }
    if (s->matches->len < MATCHES_MAX)
        g_ptr_array_add(s->matches, g_strdup(entry->path));
    /* Usually this is the one, and the medium need not be read again.  The data of an entry can be
     * read only once: another glob that matches it gets it in the second pass. */
    if (s->written || *spent || !entry->regular)
        return TRUE;
    *spent = TRUE;
    return write_entry(reader, s, entry, error);
}

static gboolean survey_entry(media_reader *reader, struct search *searches, gsize n,
                             GHashTable *links, const struct media_entry *entry, GError **error)
{
    gboolean spent = FALSE;
    if (entry->link) {
        struct link *l = g_new0(struct link, 1);
        l->target = g_strdup(entry->link);
        l->hard = entry->hard;
        g_hash_table_replace(links, g_strdup(entry->path), l);
    }
    for (gsize i = 0; i < n && (entry->regular || entry->link); i++) {
        if (!archive_visit(reader, &searches[i], entry, &spent, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean archive_survey(struct search *searches, gsize n, GHashTable *links,
                               GCancellable *cancel, GError **error)
{
    g_autoptr(GError) local = NULL;
    struct media_entry entry = {0};
    g_autoptr(media_reader) reader =
        media_reader_open(searches->source, searches->name, searches->format, cancel, error);
    if (!reader)
        return FALSE;
    while (media_reader_next(reader, &entry, &local) &&
           survey_entry(reader, searches, n, links, &entry, &local))
        continue;
    g_free(entry.path);
    if (!local)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

/* ---- which one it is ---- */

static gint archive_by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *listed(GPtrArray *paths)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_ptr_array_sort(paths, archive_by_name);
    for (guint i = 0; i < paths->len && i < SHOWN_MAX; i++)
        g_string_append_printf(text, "%s%s", i ? ", " : "",
                               (const char *)g_ptr_array_index(paths, i));
    if (paths->len > SHOWN_MAX)
        g_string_append_printf(text, " and %u more", paths->len - SHOWN_MAX);
    return text_printable(text->str, -1);
}

static gboolean fail_match(const struct search *s, GPtrArray *found, GError **error)
{
    g_autofree char *list = listed(found->len ? found : s->near);
    if (found->len)
        ingot_set_error(error, INGOT_EXIT_MEDIA, "give a path that matches one file only",
                        "the %s path %s matches %u files in %s: %s", s->pick->what, s->pick->glob,
                        found->len, s->name, list);
    else
        ingot_set_error(error, INGOT_EXIT_MEDIA, "look inside, and give its path in the recipe",
                        "no file in %s matches the %s path %s%s%s", s->name, s->pick->what,
                        s->pick->glob, *list ? "; similar paths: " : "", list);
    return FALSE;
}

/* Two names of one file are one match. */
static gboolean archive_choose(struct search *s, GHashTable *links, GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < s->matches->len; i++) {
        const char *match = g_ptr_array_index(s->matches, i);
        g_autofree char *real = archive_resolve(links, match);
        if (!real)
            return fail_file(s, match, "its links lead in a circle", error);
        if (!g_ptr_array_find_with_equal_func(found, real, g_str_equal, NULL))
            g_ptr_array_add(found, g_steal_pointer(&real));
    }
    if (found->len != 1)
        return fail_match(s, found, error);
    s->pick->member = g_strdup(g_ptr_array_index(found, 0));
    if (g_strcmp0(s->written, s->pick->member) != 0)
        unwrite(s);
    return TRUE;
}

/* ---- the second pass, for what a link led to ---- */

static gboolean fetch_entry(media_reader *reader, struct search *searches, gsize n,
                            const struct media_entry *entry, GError **error)
{
    for (gsize i = 0; i < n && entry->regular; i++) {
        struct search *s = &searches[i];
        if (!s->written && g_str_equal(s->pick->member, entry->path))
            return write_entry(reader, s, entry, error);
    }
    return TRUE;
}

static gboolean fetch_rest(struct search *searches, gsize n, GCancellable *cancel, GError **error)
{
    g_autoptr(GError) local = NULL;
    struct media_entry entry = {0};
    g_autoptr(media_reader) reader =
        media_reader_open(searches->source, searches->name, searches->format, cancel, error);
    if (!reader)
        return FALSE;
    while (media_reader_next(reader, &entry, &local) &&
           fetch_entry(reader, searches, n, &entry, &local))
        continue;
    g_free(entry.path);
    if (local)
        g_propagate_error(error, g_steal_pointer(&local));
    return !local;
}

static gsize archive_missing(const struct search *searches, gsize n, const struct search **first)
{
    gsize count = 0;
    for (gsize i = n; i-- > 0;) {
        if (!searches[i].written) {
            *first = &searches[i];
            count++;
        }
    }
    return count;
}

/* Each pass brings at least one more file, or the search ends. */
static gboolean fetch_all(struct search *searches, gsize n, GCancellable *cancel, GError **error)
{
    const struct search *first = NULL;
    gsize left = archive_missing(searches, n, &first), before = n + 1;
    while (left && left < before) {
        before = left;
        if (!fetch_rest(searches, n, cancel, error))
            return FALSE;
        left = archive_missing(searches, n, &first);
    }
    if (!left)
        return TRUE;
    return fail_file(first, first->pick->member, "its target is not a file in there", error);
}

static gboolean pick_all(struct search *searches, gsize n, GCancellable *cancel, GError **error)
{
    g_autoptr(GHashTable) links = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, link_free);
    if (!archive_survey(searches, n, links, cancel, error))
        return FALSE;
    for (gsize i = 0; i < n; i++) {
        if (!archive_choose(&searches[i], links, error))
            return FALSE;
    }
    return fetch_all(searches, n, cancel, error);
}

static const char *without_root(const char *glob)
{
    while (*glob == '/' || (glob[0] == '.' && glob[1] == '/'))
        glob++;
    return glob;
}

gboolean media_archive_pick(const char *source, const char *name, const struct media_format *format,
                            struct media_pick *picks, gsize n, GCancellable *cancel, GError **error)
{
    g_autofree struct search *searches = g_new0(struct search, n);
    for (gsize i = 0; i < n; i++) {
        searches[i] = (struct search){.source = source,
                                      .name = name,
                                      .format = format,
                                      .pick = &picks[i],
                                      .glob = without_root(picks[i].glob),
                                      .matches = g_ptr_array_new_with_free_func(g_free),
                                      .near = g_ptr_array_new_with_free_func(g_free)};
        picks[i].member = NULL;
    }
    gboolean good = pick_all(searches, n, cancel, error);
    for (gsize i = 0; i < n; i++) {
        if (!good) {
            unwrite(&searches[i]);
            g_clear_pointer(&picks[i].member, g_free);
        }
        g_free(searches[i].written);
        g_ptr_array_unref(searches[i].matches);
        g_ptr_array_unref(searches[i].near);
    }
    return good;
}
