/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/lines.h"

#include "base/text.h"

struct lines {
    GString *partial;
    void (*line)(const char *line, gpointer user);
    gpointer user;
};

lines *lines_new(void (*line)(const char *line, gpointer user), gpointer user)
{
    lines *l = g_new0(lines, 1);
    l->partial = g_string_new(NULL);
    l->line = line;
    l->user = user;
    return l;
}

void lines_free(lines *l)
{
    if (!l)
        return;
    g_string_free(l->partial, TRUE);
    g_free(l);
}

char *lines_partial(const lines *l)
{
    return l->partial->len ? text_printable(l->partial->str, (gssize)l->partial->len) : NULL;
}

void lines_feed(lines *l, const char *bytes, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        if (bytes[i] != '\n' && bytes[i] != '\r') {
            if (l->partial->len < LINES_LIMIT)
                g_string_append_c(l->partial, bytes[i]);
            continue;
        }
        g_autofree char *line = lines_partial(l);
        g_string_truncate(l->partial, 0);
        if (line && *line)
            l->line(line, l->user);
    }
}
