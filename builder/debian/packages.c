/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/stanza.h"

#include "base/error.h"
#include "base/text.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#define STANZA_MAX   (4u << 20)
#define UNPACKED_MAX (G_GUINT64_CONSTANT(2) << 30)
#define KEPT_MAX     (G_GUINT64_CONSTANT(512) << 20) /* when all of it is in memory */
#define CHUNK        (256u << 10)

struct reading {
    const char *file, *only;
    GString *kept;
    GString *rest; /* only: what no whole stanza has been made of */
    GCancellable *cancel;
};

/* Keeps a stanza that is of the package; the others are hardly looked at. */
static gboolean keep_stanza(const struct reading *r, const char *text, gsize length, GError **error)
{
    g_autoptr(GError) local = NULL;
    const char *at = text;
    deb_stanza s;
    if (!memmem(text, length, r->only, strlen(r->only)))
        return TRUE;
    if (stanza_next(&at, text + length, FALSE, &s, &local) &&
        slice_is(s.fields[DEB_FIELD_PACKAGE], r->only)) {
        g_string_append_len(r->kept, text, (gssize)length);
        g_string_append(r->kept, "\n\n");
    }
    if (!local)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

/* Looks at the whole stanzas at the front of the rest and removes them. */
static gboolean keep_stanzas(const struct reading *r, gboolean last, GError **error)
{
    GString *text = r->rest;
    gsize from = 0;
    const char *gap;
    while ((gap = memmem(text->str + from, text->len - from, "\n\n", 2))) {
        gsize end = (gsize)(gap - text->str) + 2;
        if (!keep_stanza(r, text->str + from, end - from, error))
            return FALSE;
        from = end;
    }
    g_string_erase(text, 0, (gssize)from);
    if (last)
        return keep_stanza(r, text->str, text->len, error);
    if (text->len <= STANZA_MAX)
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "the Packages file has a stanza of over %u MiB",
                    STANZA_MAX >> 20);
    return FALSE;
}

static gboolean packages_fail(const struct reading *r, struct archive *a, GError **error)
{
    const char *why = archive_error_string(a);
    g_autofree char *shown = text_printable(why ? why : "it cannot be unpacked", -1);
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "cannot read the Packages file %s: %s", r->file,
                    shown);
    return FALSE;
}

static gboolean packages_read_data(const struct reading *r, struct archive *a, GError **error)
{
    g_autofree char *chunk = g_malloc(CHUNK);
    guint64 total = 0, limit = r->only ? UNPACKED_MAX : KEPT_MAX;
    la_ssize_t n;
    while ((n = archive_read_data(a, chunk, CHUNK)) > 0) {
        total += (guint64)n;
        g_string_append_len(r->only ? r->rest : r->kept, chunk, n);
        if (g_cancellable_set_error_if_cancelled(r->cancel, error) ||
            (r->only && !keep_stanzas(r, FALSE, error)))
            return FALSE;
        if (total > limit) {
            g_autofree char *shown = text_size(limit);
            ingot_set_error(error, INGOT_EXIT_MEDIA, NULL,
                            "the Packages file %s unpacks to more than %s", r->file, shown);
            return FALSE;
        }
    }
    if (n < 0)
        return packages_fail(r, a, error);
    return !r->only || keep_stanzas(r, TRUE, error);
}

gboolean deb_packages_read(const char *file, const char *only, GString *text, GCancellable *cancel,
                           GError **error)
{
    g_autoptr(GString) rest = g_string_new(NULL);
    const struct reading r = {file, only, text, rest, cancel};
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
        good = packages_fail(&r, a, error);
    else
        good = packages_read_data(&r, a, error);
    archive_read_free(a);
    return good;
}
