/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/deb822.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

#define FIELDS_MAX 256u
#define NAME_BYTES 128u

/* ---- slices ---- */

gboolean slice_is(struct slice slice, const char *word)
{
    return slice.length && slice.length == strlen(word) &&
           memcmp(slice.text, word, slice.length) == 0;
}

char *slice_copy(struct slice slice)
{
    return g_strndup(slice.text ? slice.text : "", slice.length);
}

struct slice slice_strip(struct slice s)
{
    while (s.length && g_ascii_isspace(*s.text)) {
        s.text++;
        s.length--;
    }
    while (s.length && g_ascii_isspace(s.text[s.length - 1]))
        s.length--;
    return s;
}

gboolean slice_next(struct slice *rest, char separator, struct slice *part)
{
    if (!rest->length)
        return FALSE;
    const char *end = memchr(rest->text, separator, rest->length);
    gsize length = end ? (gsize)(end - rest->text) : rest->length;
    gsize taken = length + (end ? 1 : 0);
    *part = slice_strip((struct slice){rest->text, length});
    rest->text += taken;
    rest->length -= taken;
    return TRUE;
}

/* ---- lines ---- */

gboolean deb822_fail(const struct deb822_reader *reader, const char *why, GError **error)
{
    const struct slice line = reader->line;
    g_autofree char *shown = text_printable(line.text, (gssize)MIN(line.length, 60));
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "%s in the line “%s%s”", why, shown,
                    line.length > 60 ? "..." : "");
    return FALSE;
}

gboolean deb822_is_blank(struct slice line)
{
    for (gsize i = 0; i < line.length; i++)
        if (line.text[i] != ' ' && line.text[i] != '\t' && line.text[i] != '\r')
            return FALSE;
    return TRUE;
}

/* US-ASCII without control characters, space and colon; not '#' or '-' first (Policy 5.1). */
static gboolean is_field_name(struct slice name)
{
    if (!name.length || name.length > NAME_BYTES || *name.text == '-')
        return FALSE;
    for (gsize i = 0; i < name.length; i++)
        if (name.text[i] <= ' ' || name.text[i] > '~')
            return FALSE;
    return TRUE;
}

/* The line at .at, without its end; .at moves behind it. */
static const char *line_at(const struct deb822_reader *r, struct slice *line)
{
    const char *newline = memchr(r->at, '\n', (gsize)(r->end - r->at));
    *line = (struct slice){r->at, (gsize)((newline ? newline : r->end) - r->at)};
    return newline ? newline + 1 : r->end;
}

static enum deb822_kind bad_line(struct deb822_reader *r, const char *why)
{
    r->why = why;
    return DEB822_BAD;
}

/* Extends a value by the lines that begin with a blank. */
static enum deb822_kind read_continuation(struct deb822_reader *r, struct slice *value)
{
    struct slice line;
    while (r->at < r->end) {
        const char *next = line_at(r, &line);
        gboolean comment = line.length && *line.text == '#';
        if (!comment &&
            (!line.length || (*line.text != ' ' && *line.text != '\t') || deb822_is_blank(line)))
            break;
        r->at = next;
        if (memchr(line.text, '\0', line.length)) {
            r->line = line;
            return bad_line(r, "a NUL byte");
        }
        if (!comment)
            value->length = (gsize)(line.text + line.length - value->text);
    }
    *value = slice_strip(*value);
    return DEB822_FIELD;
}

static enum deb822_kind read_field(struct deb822_reader *r, struct slice *name, struct slice *value)
{
    const struct slice line = r->line;
    r->begun = TRUE;
    if (memchr(line.text, '\0', line.length))
        return bad_line(r, "a NUL byte");
    if (*line.text == ' ' || *line.text == '\t')
        return bad_line(r, "a continuation line without a field");
    const char *colon = memchr(line.text, ':', line.length);
    *name = (struct slice){line.text, colon ? (gsize)(colon - line.text) : 0};
    if (!is_field_name(*name))
        return bad_line(r, "no field name");
    *value = (struct slice){colon + 1, line.length - name->length - 1};
    return read_continuation(r, value);
}

enum deb822_kind deb822_read(struct deb822_reader *r, struct slice *name, struct slice *value)
{
    while (r->at < r->end) {
        r->at = line_at(r, &r->line);
        if (deb822_is_blank(r->line)) {
            if (r->begun)
                break;
        } else if (*r->line.text != '#') {
            return read_field(r, name, value);
        }
    }
    return DEB822_END;
}

/* ---- whole stanzas ---- */

/* The caller owns the text. */
static char *without_comments(struct slice value)
{
    struct slice line, rest = value;
    if (!value.length || !memmem(value.text, value.length, "\n#", 2))
        return slice_copy(value);
    GString *text = g_string_new(NULL);
    while (rest.length) {
        const struct deb822_reader r = {.at = rest.text, .end = rest.text + rest.length};
        const char *next = line_at(&r, &line);
        if (!line.length || *line.text != '#' || line.text == value.text) {
            g_string_append(text, text->len ? "\n" : "");
            g_string_append_len(text, line.text, (gssize)line.length);
        }
        rest.length -= (gsize)(next - rest.text);
        rest.text = next;
    }
    return g_string_free(text, FALSE);
}

static gboolean add_field(GHashTable *fields, const struct deb822_reader *r, struct slice name,
                          struct slice value, GError **error)
{
    g_autofree char *key = g_ascii_strdown(name.text, (gssize)name.length);
    if (g_hash_table_contains(fields, key))
        return deb822_fail(r, "a duplicate field", error);
    if (g_hash_table_size(fields) >= FIELDS_MAX)
        return deb822_fail(r, "too many fields", error);
    g_hash_table_insert(fields, g_steal_pointer(&key), without_comments(value));
    return TRUE;
}

GHashTable *deb822_next(const char **at, const char *end, GError **error)
{
    struct deb822_reader r = {.at = *at, .end = end};
    struct slice name, value;
    g_autoptr(GHashTable) fields = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    enum deb822_kind kind;
    gboolean good = TRUE;
    while (good && (kind = deb822_read(&r, &name, &value)) != DEB822_END)
        good = kind == DEB822_FIELD ? add_field(fields, &r, name, value, error)
                                    : deb822_fail(&r, r.why, error);
    *at = r.at;
    return good && g_hash_table_size(fields) ? g_steal_pointer(&fields) : NULL;
}

const char *deb822_get(GHashTable *stanza, const char *name)
{
    return g_hash_table_lookup(stanza, name);
}
