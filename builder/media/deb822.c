/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/deb822.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

#define FIELDS_MAX 256u
#define NAME_BYTES 128u

struct parser {
    GHashTable *fields;
    GString *value; /* of the field that is being read; belongs to name */
    char *name;     /* NULL: no field yet */
};

static gboolean deb822_fail(GError **error, const char *why, const char *line, gsize length)
{
    g_autofree char *shown = text_printable(line, (gssize)MIN(length, 60));
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "%s in the line “%s%s”", why, shown,
                    length > 60 ? "..." : "");
    return FALSE;
}

static gboolean is_blank(const char *line, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
            return FALSE;
    }
    return TRUE;
}

/* US-ASCII without control characters, space and colon; not '#' or '-' first (Policy 5.1). */
static gboolean is_name(const char *name, gsize length)
{
    if (!length || length > NAME_BYTES || *name == '-')
        return FALSE;
    for (gsize i = 0; i < length; i++) {
        if (name[i] <= ' ' || name[i] > '~')
            return FALSE;
    }
    return TRUE;
}

static gboolean end_field(struct parser *p, GError **error)
{
    if (!p->name)
        return TRUE;
    char *name = g_steal_pointer(&p->name);
    if (g_hash_table_contains(p->fields, name) || g_hash_table_size(p->fields) >= FIELDS_MAX) {
        gboolean twice = g_hash_table_contains(p->fields, name);
        deb822_fail(error, twice ? "a field that is there twice" : "too many fields", name,
                    strlen(name));
        g_free(name);
        return FALSE;
    }
    g_hash_table_insert(p->fields, name, g_strdup(g_strstrip(p->value->str)));
    g_string_truncate(p->value, 0);
    return TRUE;
}

static gboolean begin_field(struct parser *p, const char *line, gsize length, GError **error)
{
    const char *colon = memchr(line, ':', length);
    if (!colon || !is_name(line, (gsize)(colon - line)))
        return deb822_fail(error, "no field name", line, length);
    if (!end_field(p, error))
        return FALSE;
    p->name = g_ascii_strdown(line, colon - line);
    g_string_append_len(p->value, colon + 1, line + length - colon - 1);
    return TRUE;
}

static gboolean take_line(struct parser *p, const char *line, gsize length, GError **error)
{
    if (memchr(line, '\0', length))
        return deb822_fail(error, "a NUL byte", line, length);
    if (*line == '#')
        return TRUE;
    if (*line != ' ' && *line != '\t')
        return begin_field(p, line, length, error);
    if (!p->name)
        return deb822_fail(error, "a continuation of nothing", line, length);
    g_string_append_c(p->value, '\n');
    g_string_append_len(p->value, line, (gssize)length);
    return TRUE;
}

static gboolean take_stanza(struct parser *p, const char **at, const char *end, GError **error)
{
    while (*at < end) {
        const char *line = *at;
        const char *newline = memchr(line, '\n', (gsize)(end - line));
        gsize length = (gsize)((newline ? newline : end) - line);
        *at = newline ? newline + 1 : end;
        gboolean blank = is_blank(line, length);
        if (blank && (p->name || g_hash_table_size(p->fields)))
            break;
        if (!blank && !take_line(p, line, length, error))
            return FALSE;
    }
    return end_field(p, error);
}

GHashTable *media_deb822_next(const char **at, const char *end, GError **error)
{
    struct parser p = {.fields = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
                       .value = g_string_new(NULL)};
    gboolean good = take_stanza(&p, at, end, error) && g_hash_table_size(p.fields);
    g_string_free(p.value, TRUE);
    g_free(p.name);
    if (good)
        return p.fields;
    g_hash_table_unref(p.fields);
    return NULL;
}

const char *media_deb822_get(GHashTable *stanza, const char *name)
{
    return g_hash_table_lookup(stanza, name);
}

/* ---- versions ---- */

/* '~' sorts before the end, the end before letters, letters before all else. */
static int order(char c)
{
    if (c == '~')
        return -1;
    if (c == '\0' || g_ascii_isdigit(c))
        return 0;
    return g_ascii_isalpha(c) ? c : (unsigned char)c + 256;
}

static int compare_digits(const char **a, const char **b)
{
    int difference = 0;
    while (**a == '0')
        (*a)++;
    while (**b == '0')
        (*b)++;
    for (; g_ascii_isdigit(**a) && g_ascii_isdigit(**b); (*a)++, (*b)++) {
        if (!difference)
            difference = **a - **b;
    }
    if (g_ascii_isdigit(**a))
        return 1;
    return g_ascii_isdigit(**b) ? -1 : difference;
}

static int compare_part(const char *a, const char *b)
{
    while (*a || *b) {
        while ((*a && !g_ascii_isdigit(*a)) || (*b && !g_ascii_isdigit(*b))) {
            int difference = order(*a) - order(*b);
            if (difference)
                return difference;
            a++;
            b++;
        }
        int difference = compare_digits(&a, &b);
        if (difference)
            return difference;
    }
    return 0;
}

struct version {
    char *epoch, *upstream, *revision;
};

static struct version version_of(const char *text)
{
    const char *colon = strchr(text, ':');
    const char *rest = colon ? colon + 1 : text;
    const char *dash = strrchr(rest, '-');
    return (struct version){
        .epoch = colon ? g_strndup(text, (gsize)(colon - text)) : g_strdup("0"),
        .upstream = dash ? g_strndup(rest, (gsize)(dash - rest)) : g_strdup(rest),
        .revision = g_strdup(dash ? dash + 1 : ""),
    };
}

static void version_clear(struct version *v)
{
    g_free(v->epoch);
    g_free(v->upstream);
    g_free(v->revision);
}

int media_deb_version_compare(const char *a, const char *b)
{
    struct version va = version_of(a), vb = version_of(b);
    int result = compare_part(va.epoch, vb.epoch);
    if (!result)
        result = compare_part(va.upstream, vb.upstream);
    if (!result)
        result = compare_part(va.revision, vb.revision);
    version_clear(&va);
    version_clear(&vb);
    return result;
}
