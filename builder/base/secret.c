/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/secret.h"

#include "base/files.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define SECRET_BYTES 65536u

static const char mask[] = "<secret>";

struct secrets {
    GPtrArray *values;    /* as they were added */
    GPtrArray *spellings; /* what is looked for */
    const char *const *environment;
};

void secret_free(char *value)
{
    if (value)
        explicit_bzero(value, strlen(value));
    g_free(value);
}

static void wipe(gpointer value)
{
    secret_free(value);
}

char *secret_from_file(const char *path, GError **error)
{
    gsize length = 0;
    char *text = files_read(path, SECRET_BYTES, &length, error);
    if (!text)
        return NULL;
    if (strlen(text) != length) {
        explicit_bzero(text, length);
        g_free(text);
        g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                            "the file contains a NUL byte");
        return NULL;
    }
    if (length && text[length - 1] == '\n')
        text[--length] = '\0';
    if (length && text[length - 1] == '\r')
        text[--length] = '\0';
    return text;
}

secrets *secrets_new(void)
{
    secrets *s = g_new0(secrets, 1);
    s->values = g_ptr_array_new_with_free_func(wipe);
    s->spellings = g_ptr_array_new_with_free_func(wipe);
    return s;
}

void secrets_free(secrets *s)
{
    if (!s)
        return;
    g_ptr_array_unref(s->values);
    g_ptr_array_unref(s->spellings);
    g_free(s);
}

/* ---- how a secret may be written ---- */

/* Takes text. */
static void add_spelling(GPtrArray *to, char *text)
{
    if (!text || strlen(text) < SECRET_SHORTEST ||
        g_ptr_array_find_with_equal_func(to, text, g_str_equal, NULL)) {
        if (text)
            wipe(text);
        return;
    }
    g_ptr_array_add(to, text);
}

static char *with_replaced(const char *text, const char *from, const char *to)
{
    GString *out = g_string_new(text);
    g_string_replace(out, from, to, 0);
    return g_string_free(out, FALSE);
}

/* Without the quotes; NULL: not UTF-8. */
static char *as_json(const char *text, size_t flags)
{
    json_t *value = json_string(text);
    char *quoted = value ? json_dumps(value, JSON_ENCODE_ANY | flags) : NULL;
    char *inner = quoted ? g_strndup(quoted + 1, strlen(quoted) - 2) : NULL;
    if (quoted)
        explicit_bzero(quoted, strlen(quoted));
    free(quoted);
    json_decref(value);
    return inner;
}

static void add_spellings(GPtrArray *to, const char *text)
{
    add_spelling(to, g_strdup(text));
    add_spelling(to, text_printable(text, -1));
    add_spelling(to, g_utf8_make_valid(text, -1));
    add_spelling(to, with_replaced(text, "\n", "\r\n"));
    add_spelling(to, with_replaced(text, "'", "'\\''"));
    add_spelling(to, as_json(text, 0));
    add_spelling(to, as_json(text, JSON_ENSURE_ASCII));
    add_spelling(to, g_utf8_validate(text, -1, NULL) ? g_markup_escape_text(text, -1) : NULL);
}

/* RFC 7468, section 2: no secret, and the same in every key. */
static gboolean is_boundary(const char *line)
{
    return g_str_has_prefix(line, "-----BEGIN ") || g_str_has_prefix(line, "-----END ");
}

static void secret_add_lines(GPtrArray *to, const char *value)
{
    char **lines = g_strsplit_set(value, "\r\n", -1);
    for (char **line = lines; lines[0] && lines[1] && *line; line++)
        if (strlen(g_strstrip(*line)) >= SECRET_LINE && !is_boundary(*line))
            add_spellings(to, *line);
    secrets_list_free(lines);
}

void secrets_add(secrets *s, const char *value)
{
    if (!s || !value || strlen(value) < SECRET_SHORTEST ||
        g_ptr_array_find_with_equal_func(s->values, value, g_str_equal, NULL))
        return;
    g_ptr_array_add(s->values, g_strdup(value));
    add_spellings(s->spellings, value);
    secret_add_lines(s->spellings, value);
}

char **secrets_list(const secrets *s)
{
    guint n = s ? s->values->len : 0;
    char **values = g_new0(char *, n + 1);
    for (guint i = 0; i < n; i++)
        values[i] = g_strdup(g_ptr_array_index(s->values, i));
    return values;
}

void secrets_list_free(char **values)
{
    for (char **v = values; v && *v; v++)
        wipe(*v);
    g_free(values);
}

void secrets_read_from(secrets *s, const char *const *environment)
{
    s->environment = environment;
}

const char *secrets_variable(const secrets *s, const char *name)
{
    return s && s->environment ? g_environ_getenv((char **)s->environment, name) : g_getenv(name);
}

/* ---- masking ---- */

static void mark_one(const char *wanted, const char *bytes, gsize length, char *marks)
{
    gsize n = strlen(wanted);
    const char *at = bytes, *end = bytes + length;
    while ((at = memmem(at, (gsize)(end - at), wanted, n))) {
        memset(marks + (at - bytes), 1, n);
        at++;
    }
}

/* Which bytes belong to a secret: overlapping secrets leave no rest.  What is already masked
 * stays as it is, even if "secret" is one.  Owned by the caller. */
static char *marks_of(const secrets *s, const char *bytes, gsize length)
{
    char *marks = g_malloc0(length + 1);
    for (guint i = 0; s && i < s->spellings->len; i++)
        mark_one(g_ptr_array_index(s->spellings, i), bytes, length, marks);
    if (s && s->spellings->len)
        mark_one(mask, bytes, length, marks);
    return marks;
}

/* inside: the byte before was marked. */
static GString *masked(const char *bytes, gsize length, const char *marks, gboolean inside)
{
    GString *out = g_string_sized_new(length + 1);
    for (gsize i = 0; i < length; i++) {
        if (!marks[i])
            g_string_append_c(out, bytes[i]);
        else if (!inside)
            g_string_append(out, mask);
        inside = marks[i] != 0;
    }
    return out;
}

char *secrets_redact_bytes(const secrets *s, const char *bytes, gsize length, gsize *out)
{
    g_autofree char *marks = marks_of(s, bytes, length);
    GString *text = masked(bytes, length, marks, FALSE);
    *out = text->len;
    return g_string_free(text, FALSE);
}

char *secrets_redact(const secrets *s, const char *text)
{
    gsize length;
    return secrets_redact_bytes(s, text, strlen(text), &length);
}

/* What was UTF-8 may not be when a secret was not. */
static char *redact_utf8(const secrets *s, const char *text)
{
    g_autofree char *safe = secrets_redact(s, text);
    return g_utf8_make_valid(safe, -1);
}

json_t *secrets_redact_json(const secrets *s, const json_t *value)
{
    if (json_is_string(value)) {
        g_autofree char *safe = redact_utf8(s, json_string_value(value));
        return json_string(safe);
    }
    if (json_is_array(value)) {
        json_t *list = json_array();
        for (size_t i = 0; i < json_array_size(value); i++)
            json_array_append_new(list, secrets_redact_json(s, json_array_get(value, i)));
        return list;
    }
    if (!json_is_object(value))
        return json_incref((json_t *)value);
    json_t *o = json_object(), *member;
    const char *name;
    json_object_foreach((json_t *)value, name, member)
    {
        g_autofree char *safe = redact_utf8(s, name);
        json_object_set_new(o, safe, secrets_redact_json(s, member));
    }
    return o;
}

char *secrets_dump_json(const secrets *s, const json_t *value, size_t flags)
{
    json_t *safe = secrets_redact_json(s, value);
    char *dumped = json_dumps(safe, flags | JSON_ENCODE_ANY);
    char *text = g_strdup(dumped ? dumped : "");
    free(dumped);
    json_decref(safe);
    return text;
}

/* ---- bytes that come in pieces ---- */

struct secrets_stream {
    const secrets *hidden;
    secrets_sink_fn sink;
    gpointer user;
    GString *held;
    gsize covered; /* bytes of held that are masked already */
};

secrets_stream *secrets_stream_new(const secrets *s, secrets_sink_fn sink, gpointer user)
{
    secrets_stream *stream = g_new0(secrets_stream, 1);
    stream->hidden = s;
    stream->sink = sink;
    stream->user = user;
    stream->held = g_string_new(NULL);
    return stream;
}

/* How many bytes at the end of text may begin a secret; text does not contain the whole of it.
 * */
static gsize begun(const char *secret, const char *text, gsize length)
{
    for (gsize n = MIN(length, strlen(secret) - 1); n > 0; n--)
        if (memcmp(text + length - n, secret, n) == 0)
            return n;
    return 0;
}

static gsize to_hold(const secrets *s, const char *text, gsize length)
{
    gsize most = 0;
    for (guint i = 0; s && i < s->spellings->len; i++)
        most = MAX(most, begun(g_ptr_array_index(s->spellings, i), text, length));
    return most;
}

/* Passes on all but the last keep bytes, and remembers which of these continue something that
 * has been passed on as "<secret>". */
static void give(secrets_stream *stream, gsize keep)
{
    GString *held = stream->held;
    gsize n = held->len - keep;
    g_autofree char *marks = marks_of(stream->hidden, held->str, held->len);
    memset(marks, 1, stream->covered);
    GString *out = masked(held->str, n, marks, stream->covered > 0);
    gsize covered = n;
    while (n && marks[n - 1] && covered < held->len && marks[covered])
        covered++;
    if (n)
        stream->covered = covered - n;
    if (out->len)
        stream->sink(out->str, out->len, stream->user);
    g_string_free(out, TRUE);
    explicit_bzero(held->str, n);
    g_string_erase(held, 0, (gssize)n);
}

void secrets_stream_feed(secrets_stream *stream, const char *bytes, gsize length)
{
    g_string_append_len(stream->held, bytes, (gssize)length);
    give(stream, to_hold(stream->hidden, stream->held->str, stream->held->len));
}

void secrets_stream_end(secrets_stream *stream)
{
    give(stream, 0);
}

void secrets_stream_free(secrets_stream *stream)
{
    if (!stream)
        return;
    explicit_bzero(stream->held->str, stream->held->len);
    g_string_free(stream->held, TRUE);
    g_free(stream);
}
