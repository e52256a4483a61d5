/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/release.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "media/deb822.h"

#include <archive.h>
#include <archive_entry.h>
#include <curl/curl.h>
#include <string.h>

#define STANZA_MAX   (4u << 20)
#define UNPACKED_MAX (G_GUINT64_CONSTANT(2) << 30)
#define KEPT_MAX     (G_GUINT64_CONSTANT(512) << 20) /* when all of it is in memory */
#define CHUNK        (256u << 10)

void media_release_free(media_release *release)
{
    if (!release)
        return;
    g_free(release->suite);
    g_free(release->codename);
    g_clear_pointer(&release->indices, g_hash_table_unref);
    g_free(release);
}

void media_package_clear(media_package *package)
{
    g_clear_pointer(&package->version, g_free);
    g_clear_pointer(&package->filename, g_free);
}

gboolean media_path_is_safe(const char *text)
{
    if (!g_utf8_validate(text, -1, NULL) || strlen(text) > 1024)
        return FALSE;
    g_auto(GStrv) parts = g_strsplit(text, "/", -1);
    for (char **p = parts; *p; p++) {
        if (!**p || g_str_equal(*p, ".") || g_str_equal(*p, ".."))
            return FALSE;
        for (const char *c = *p; *c; c++) {
            if (g_ascii_iscntrl(*c) || *c == '\\')
                return FALSE;
        }
    }
    return parts[0] != NULL;
}

static gboolean take_digest(char to[65], guint64 *size, const char *hex, const char *bytes)
{
    if (!digest_is_hex(hex) || !g_ascii_string_to_unsigned(bytes, 10, 0, G_MAXINT64, size, NULL))
        return FALSE;
    for (gsize i = 0; i <= DIGEST_HEX_LEN; i++)
        to[i] = g_ascii_tolower(hex[i]);
    return TRUE;
}

/* " DIGEST  SIZE PATH".  A path that is there twice with two digests is refused. */
static gboolean take_index(GHashTable *indices, const char *line, GError **error)
{
    g_autofree struct media_index *index = g_new0(struct media_index, 1);
    g_auto(GStrv) words = g_strsplit_set(line, " \t\r", -1);
    const char *word[4] = {0};
    gsize n = 0;
    for (char **w = words; *w && n < G_N_ELEMENTS(word); w++) {
        if (**w)
            word[n++] = *w;
    }
    if (n == 0)
        return TRUE;
    const struct media_index *other = n == 3 ? g_hash_table_lookup(indices, word[2]) : NULL;
    if (n == 3 && media_path_is_safe(word[2]) &&
        take_digest(index->sha256, &index->size, word[0], word[1]) &&
        (!other || g_str_equal(other->sha256, index->sha256))) {
        g_hash_table_replace(indices, g_strdup(word[2]), g_steal_pointer(&index));
        return TRUE;
    }
    g_autofree char *shown = text_printable(line, -1);
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL,
                    "the Release file has a line under SHA256 that is not a digest, a size and a "
                    "path: “%.80s”",
                    shown);
    return FALSE;
}

static gboolean take_indices(media_release *release, const char *text, GError **error)
{
    release->indices = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (!text) {
        ingot_set_error(error, INGOT_EXIT_MEDIA, "use a mirror of an archive of today",
                        "the Release file has no SHA-256 digests");
        return FALSE;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (!take_index(release->indices, *line, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean check_suite(const media_release *release, const char *suite, GError **error)
{
    if (g_strcmp0(release->suite, suite) == 0 || g_strcmp0(release->codename, suite) == 0)
        return TRUE;
    g_autofree char *is = text_printable(release->suite ? release->suite : "-", -1);
    g_autofree char *code = text_printable(release->codename ? release->codename : "-", -1);
    ingot_set_error(error, INGOT_EXIT_MEDIA, "the mirror serves another suite under this name",
                    "the Release file is of suite “%s”, codename “%s”, not of “%s”", is, code,
                    suite);
    return FALSE;
}

static gboolean check_date(const char *until, gint64 now, GError **error)
{
    if (!until)
        return TRUE;
    gint64 end = (gint64)curl_getdate(until, NULL);
    g_autofree char *shown = text_printable(until, -1);
    if (end > now)
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_MEDIA,
                    end < 0 ? NULL
                            : "use a mirror that is kept up to date; if it is, look at the clock "
                              "of this machine",
                    end < 0 ? "the Release file has a Valid-Until that is no date: “%s”"
                            : "the Release file was valid until %s: somebody may be holding back "
                              "updates",
                    shown);
    return FALSE;
}

static gboolean has_word(const char *text, const char *word)
{
    g_auto(GStrv) words = g_strsplit_set(text ? text : "", " \t\n", -1);
    return g_strv_contains((const char *const *)words, word);
}

media_release *media_release_parse(const char *text, gsize length, const char *suite, gint64 now,
                                   GError **error)
{
    const char *at = text;
    g_autoptr(GError) local = NULL;
    g_autoptr(GHashTable) fields = media_deb822_next(&at, text + length, &local);
    if (!fields) {
        g_autofree char *why = local ? ingot_error_text(local) : g_strdup("it is empty");
        ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "the Release file cannot be read: %s", why);
        return NULL;
    }
    g_autoptr(media_release) release = g_new0(media_release, 1);
    release->suite = g_strdup(media_deb822_get(fields, "suite"));
    release->codename = g_strdup(media_deb822_get(fields, "codename"));
    const char *date = media_deb822_get(fields, "date");
    release->date = date ? (gint64)curl_getdate(date, NULL) : -1;
    const char *by_hash = media_deb822_get(fields, "acquire-by-hash");
    release->by_hash = by_hash && g_ascii_strcasecmp(by_hash, "yes") == 0;
    release->all_apart =
        has_word(media_deb822_get(fields, "architectures"), "all") &&
        !has_word(media_deb822_get(fields, "no-support-for-architecture-all"), "Packages");
    if (!check_suite(release, suite, error) ||
        !check_date(media_deb822_get(fields, "valid-until"), now, error) ||
        !take_indices(release, media_deb822_get(fields, "sha256"), error))
        return NULL;
    return g_steal_pointer(&release);
}

/* ---- Packages ---- */

struct search {
    const char *name, *arch;
    media_package *found;
};

static gboolean take_package(const struct search *s, GHashTable *fields, GError **error)
{
    const char *arch = media_deb822_get(fields, "architecture");
    const char *version = media_deb822_get(fields, "version");
    const char *filename = media_deb822_get(fields, "filename");
    const char *sha256 = media_deb822_get(fields, "sha256");
    const char *size = media_deb822_get(fields, "size");
    media_package *f = s->found;
    if (g_strcmp0(arch, s->arch) != 0 && g_strcmp0(arch, "all") != 0)
        return TRUE;
    if (f->version && version && media_deb_version_compare(version, f->version) <= 0)
        return TRUE;
    if (!version || !filename || !sha256 || !size || !media_path_is_safe(filename) ||
        !take_digest(f->sha256, &f->size, sha256, size)) {
        ingot_set_error(error, INGOT_EXIT_MEDIA, NULL,
                        "the Packages file has no usable version, file name, size and SHA-256 for "
                        "%s",
                        s->name);
        return FALSE;
    }
    media_package_clear(f);
    f->version = g_strdup(version);
    f->filename = g_strdup(filename);
    return TRUE;
}

static gboolean look_at(const struct search *s, const char *stanza, gsize length, GError **error)
{
    const char *at = stanza;
    if (!memmem(stanza, length, s->name, strlen(s->name)))
        return TRUE;
    g_autoptr(GError) local = NULL;
    g_autoptr(GHashTable) fields = media_deb822_next(&at, stanza + length, &local);
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    if (!fields || g_strcmp0(media_deb822_get(fields, "package"), s->name) != 0)
        return TRUE;
    return take_package(s, fields, error);
}

/* Looks at the whole stanzas at the front of text and removes them. */
static gboolean look_at_all(const struct search *s, GString *text, gboolean last, GError **error)
{
    gsize from = 0;
    const char *gap;
    while ((gap = memmem(text->str + from, text->len - from, "\n\n", 2))) {
        gsize end = (gsize)(gap - text->str) + 2;
        if (!look_at(s, text->str + from, end - from, error))
            return FALSE;
        from = end;
    }
    g_string_erase(text, 0, (gssize)from);
    if (last)
        return look_at(s, text->str, text->len, error);
    if (text->len <= STANZA_MAX)
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "the Packages file has a stanza of over %u MiB",
                    STANZA_MAX >> 20);
    return FALSE;
}

static gboolean fail_archive(struct archive *a, const char *file, GError **error)
{
    const char *why = archive_error_string(a);
    g_autofree char *shown = text_printable(why ? why : "it cannot be unpacked", -1);
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "cannot read the Packages file %s: %s", file,
                    shown);
    return FALSE;
}

/* What is done with the text so far (NULL: it is kept); last: there is no more. */
typedef gboolean (*text_fn)(gpointer data, GString *text, gboolean last, GError **error);

static gboolean search_text(gpointer data, GString *text, gboolean last, GError **error)
{
    return look_at_all(data, text, last, error);
}

static gboolean release_read_all(struct archive *a, const char *file, GString *text, text_fn fn,
                                 gpointer data, GCancellable *cancel, GError **error)
{
    g_autofree char *chunk = g_malloc(CHUNK);
    guint64 total = 0, limit = fn ? UNPACKED_MAX : KEPT_MAX;
    la_ssize_t n;
    while ((n = archive_read_data(a, chunk, CHUNK)) > 0) {
        total += (guint64)n;
        g_string_append_len(text, chunk, n);
        if (g_cancellable_set_error_if_cancelled(cancel, error) ||
            (fn && !fn(data, text, FALSE, error)))
            return FALSE;
        if (total > limit) {
            g_autofree char *shown = text_size(limit);
            ingot_set_error(error, INGOT_EXIT_MEDIA, NULL,
                            "the Packages file %s unpacks to more than %s", file, shown);
            return FALSE;
        }
    }
    if (n < 0)
        return fail_archive(a, file, error);
    return !fn || fn(data, text, TRUE, error);
}

static gboolean read_file(const char *file, GString *text, text_fn fn, gpointer data,
                          GCancellable *cancel, GError **error)
{
    struct archive_entry *entry;
    struct archive *a = archive_read_new();
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_xz(a);
    archive_read_support_format_raw(a);
    archive_read_support_format_empty(a);
    gboolean good = archive_read_open_filename(a, file, CHUNK) == ARCHIVE_OK;
    int header = good ? archive_read_next_header(a, &entry) : ARCHIVE_FATAL;
    if (header == ARCHIVE_EOF)
        good = TRUE;
    else if (header < ARCHIVE_WARN)
        good = fail_archive(a, file, error);
    else
        good = release_read_all(a, file, text, fn, data, cancel, error);
    archive_read_free(a);
    return good;
}

gboolean media_packages_find(const char *file, const char *name, const char *arch,
                             GCancellable *cancel, media_package *package, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct search s = {.name = name, .arch = arch, .found = package};
    return read_file(file, text, search_text, &s, cancel, error);
}

gboolean media_packages_read(const char *file, GString *text, GCancellable *cancel, GError **error)
{
    return read_file(file, text, NULL, NULL, cancel, error);
}
