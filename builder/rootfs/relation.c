/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/relation.h"

#include "media/deb822.h"

#include <string.h>

void relation_clear(struct relation *r)
{
    g_clear_pointer(&r->name, g_free);
    g_clear_pointer(&r->sense, g_free);
    g_clear_pointer(&r->version, g_free);
}

/* "(>= 1.2)" at the beginning of text. */
static void read_version(const char *text, gsize length, struct relation *r)
{
    const char *open = memchr(text, '(', length);
    const char *close = open ? memchr(open, ')', length - (gsize)(open - text)) : NULL;
    if (!close)
        return;
    open++;
    open += strspn(open, " \t\n");
    gsize sense = strspn(open, "<=>");
    if (open + sense > close)
        return;
    r->sense = g_strndup(open, sense);
    r->version = g_strstrip(g_strndup(open + sense, (gsize)(close - open) - sense));
}

gboolean relation_next(const char **at, struct relation *r)
{
    relation_clear(r);
    const char *text = *at ? *at : "";
    text += strspn(text, " \t\n,|");
    gsize length = strcspn(text, ",|");
    *at = text + length;
    if (!length)
        return FALSE;
    r->name = g_strndup(text, MIN(length, strcspn(text, " \t\n:([<,|")));
    read_version(text, length, r);
    return TRUE;
}

gboolean relation_meets(const struct relation *r, const char *name, const char *version)
{
    if (strcmp(r->name, name) != 0)
        return FALSE;
    if (!r->sense)
        return TRUE;
    int order = media_deb_version_compare(version, r->version);
    const char *s = r->sense;
    return (order < 0 && *s == '<') || (order > 0 && *s == '>') ||
           (order == 0 && (strcmp(s, "=") == 0 || strcmp(s, "<=") == 0 || strcmp(s, ">=") == 0));
}
