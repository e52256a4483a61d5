/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/packages.h"

#include "base/error.h"
#include "base/text.h"
#include "debian/stanza.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#define UNPACKED_MAX (G_GUINT64_CONSTANT(512) << 20)
#define CHUNK        (256u << 10)

struct packages_reading {
    const char *file;
    packages_taker take;
    gpointer data;
    GString *rest; /* what no whole stanza has been made of */
    GCancellable *cancel;
};

/* The length of the stanzas at the front that are whole: up to the last blank line. */
static gsize whole_stanzas(const GString *text)
{
    const char *end = memrchr(text->str, '\n', text->len), *before;
    for (; end; end = before) {
        before = memrchr(text->str, '\n', (gsize)(end - text->str));
        if (before && deb822_is_blank((struct slice){before + 1, (gsize)(end - before - 1)}))
            return (gsize)(end + 1 - text->str);
    }
    return 0;
}

static gboolean hand_out(const struct packages_reading *r, gsize length, GError **error)
{
    if (length && !r->take(r->rest->str, length, r->data, error))
        return FALSE;
    g_string_erase(r->rest, 0, (gssize)length);
    return stanza_check_size(r->rest->len, error);
}

static gboolean packages_fail(const struct packages_reading *r, struct archive *a, GError **error)
{
    const char *why = archive_error_string(a);
    g_autofree char *shown = text_printable(why ? why : "it cannot be unpacked", -1);
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "cannot read the Packages file %s: %s", r->file,
                    shown);
    return FALSE;
}

static gboolean packages_check_total(const struct packages_reading *r, guint64 total,
                                     GError **error)
{
    if (total <= UNPACKED_MAX)
        return TRUE;
    g_autofree char *shown = text_size(UNPACKED_MAX);
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "the Packages file %s unpacks to more than %s",
                    r->file, shown);
    return FALSE;
}

static gboolean packages_read_data(const struct packages_reading *r, struct archive *a,
                                   GError **error)
{
    g_autofree char *chunk = g_malloc(CHUNK);
    guint64 total = 0;
    la_ssize_t n;
    while ((n = archive_read_data(a, chunk, CHUNK)) > 0) {
        total += (guint64)n;
        g_string_append_len(r->rest, chunk, n);
        if (g_cancellable_set_error_if_cancelled(r->cancel, error) ||
            !packages_check_total(r, total, error) || !hand_out(r, whole_stanzas(r->rest), error))
            return FALSE;
    }
    return n < 0 ? packages_fail(r, a, error) : hand_out(r, r->rest->len, error);
}

gboolean packages_read(const char *file, packages_taker take, gpointer data, GCancellable *cancel,
                       GError **error)
{
    g_autoptr(GString) rest = g_string_new(NULL);
    const struct packages_reading r = {file, take, data, rest, cancel};
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
