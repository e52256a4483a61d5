/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/debian.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"

#include <curl/curl.h>
#include <string.h>

void deb_release_free(deb_release *release)
{
    if (!release)
        return;
    g_free(release->suite);
    g_free(release->codename);
    g_clear_pointer(&release->indices, g_hash_table_unref);
    g_free(release);
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
    g_autofree struct deb_index *index = g_new0(struct deb_index, 1);
    g_auto(GStrv) words = g_strsplit_set(line, " \t\r", -1);
    const char *word[4] = {0};
    gsize n = 0;
    for (char **w = words; *w && n < G_N_ELEMENTS(word); w++) {
        if (**w)
            word[n++] = *w;
    }
    if (n == 0)
        return TRUE;
    const struct deb_index *other = n == 3 ? g_hash_table_lookup(indices, word[2]) : NULL;
    if (n == 3 && deb_path_is_safe(word[2]) &&
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

static gboolean take_indices(deb_release *release, const char *text, GError **error)
{
    release->indices = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (!text) {
        ingot_set_error(error, INGOT_EXIT_MEDIA, "use a mirror of a current archive",
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

static gboolean check_suite(const deb_release *release, const char *suite, GError **error)
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
    ingot_set_error(
        error, INGOT_EXIT_MEDIA,
        end < 0 ? NULL
                : "use a mirror that is kept up to date; if it is, check this machine's clock",
        end < 0 ? "the Release file has an invalid Valid-Until: “%s”"
                : "the Release file was valid until %s: somebody may be holding back "
                  "updates",
        shown);
    return FALSE;
}

static gboolean release_has_word(const char *text, const char *word)
{
    g_auto(GStrv) words = g_strsplit_set(text ? text : "", " \t\n", -1);
    return g_strv_contains((const char *const *)words, word);
}

deb_release *deb_release_parse(const char *text, gsize length, const char *suite, gint64 now,
                               GError **error)
{
    const char *at = text;
    g_autoptr(GError) local = NULL;
    g_autoptr(GHashTable) fields = deb822_next(&at, text + length, &local);
    if (!fields) {
        g_autofree char *why = local ? ingot_error_text(local) : g_strdup("it is empty");
        ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "the Release file cannot be read: %s", why);
        return NULL;
    }
    g_autoptr(deb_release) release = g_new0(deb_release, 1);
    release->suite = g_strdup(deb822_get(fields, "suite"));
    release->codename = g_strdup(deb822_get(fields, "codename"));
    const char *date = deb822_get(fields, "date");
    release->date = date ? (gint64)curl_getdate(date, NULL) : -1;
    const char *by_hash = deb822_get(fields, "acquire-by-hash");
    release->by_hash = by_hash && g_ascii_strcasecmp(by_hash, "yes") == 0;
    release->all_apart =
        release_has_word(deb822_get(fields, "architectures"), "all") &&
        !release_has_word(deb822_get(fields, "no-support-for-architecture-all"), "Packages");
    if (!check_suite(release, suite, error) ||
        !check_date(deb822_get(fields, "valid-until"), now, error) ||
        !take_indices(release, deb822_get(fields, "sha256"), error))
        return NULL;
    return g_steal_pointer(&release);
}
