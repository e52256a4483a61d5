/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/relation.h"

#include <string.h>

void deb_relation_clear(deb_relation *relation)
{
    g_clear_pointer(&relation->name, g_free);
    g_clear_pointer(&relation->op, g_free);
    g_clear_pointer(&relation->version, g_free);
}

struct slice relation_name(struct slice text)
{
    struct slice name = slice_strip(text);
    gsize n = 0;
    while (n < name.length && !g_ascii_isspace(name.text[n]) && !strchr("(:[<", name.text[n]))
        n++;
    return (struct slice){name.text, n};
}

deb_relation relation_parse(struct slice text)
{
    struct slice rest = slice_strip(text), inner;
    gsize n = relation_name(rest).length;
    deb_relation r = {.name = g_strndup(rest.text ? rest.text : "", n)};
    const char *open = n < rest.length ? memchr(rest.text, '(', rest.length) : NULL;
    if (!open)
        return r;
    rest.length -= (gsize)(open + 1 - rest.text);
    rest.text = open + 1;
    if (!slice_next(&rest, ')', &inner))
        return r;
    for (n = 0; n < inner.length && strchr("<=>", inner.text[n]) && inner.text[n];)
        n++;
    r.op = g_strndup(inner.text, n);
    r.version = slice_copy(slice_strip((struct slice){inner.text + n, inner.length - n}));
    return r;
}

gboolean deb_relation_next(const char **at, deb_relation *relation)
{
    deb_relation_clear(relation);
    const char *text = *at ? *at : "";
    text += strspn(text, " \t\n,|");
    const struct slice part = {text, strcspn(text, ",|")};
    *at = text + part.length;
    if (!part.length)
        return FALSE;
    *relation = relation_parse(part);
    return TRUE;
}

gboolean deb_relation_allows(const deb_relation *relation, const char *version)
{
    if (!relation->op)
        return TRUE;
    if (!version)
        return FALSE;
    int order = deb_version_compare(version, relation->version);
    /* "<" and ">" are what "<=" and ">=" once were (deb-version(7), Policy 7.1). */
    static const struct {
        const char *op;
        gboolean less, equal, more;
    } ops[] = {{"<<", TRUE, FALSE, FALSE}, {"<=", TRUE, TRUE, FALSE}, {"<", TRUE, TRUE, FALSE},
               {"=", FALSE, TRUE, FALSE},  {">=", FALSE, TRUE, TRUE}, {">", FALSE, TRUE, TRUE},
               {">>", FALSE, FALSE, TRUE}};
    for (gsize i = 0; i < G_N_ELEMENTS(ops); i++) {
        if (g_str_equal(ops[i].op, relation->op))
            return order < 0 ? ops[i].less : order > 0 ? ops[i].more : ops[i].equal;
    }
    return FALSE;
}
