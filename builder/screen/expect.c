/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "screen/expect.h"

#include "base/text.h"

#include <string.h>

/* Lines that go into an error, and how many characters of each. */
#define LAST_LINES  6u
#define LAST_LENGTH 120

static char *one_line(const char *text)
{
    GString *out = g_string_new(NULL);
    for (; *text; text++)
        if (!g_ascii_isspace(*text))
            g_string_append_c(out, *text);
        else if (out->len && out->str[out->len - 1] != ' ')
            g_string_append_c(out, ' ');
    return g_string_free(out, FALSE);
}

gboolean expect_on_screen(const char *text, const char *wanted)
{
    g_autofree char *line = one_line(text);
    g_autofree char *words = g_strchomp(one_line(wanted));
    return strstr(line, words) != NULL;
}

gboolean expect_in_serial(GString *serial, const char *wanted)
{
    g_autofree char *clean = text_printable(serial->str, (gssize)serial->len);
    g_autofree char *line = one_line(clean);
    g_autofree char *words = g_strchomp(one_line(wanted));
    const char *at = strstr(line, words);
    if (!at)
        return FALSE;
    g_string_assign(serial, at + strlen(words));
    return TRUE;
}

char *expect_last_lines(const char *text)
{
    g_autofree char *clean = text_printable(text, -1);
    g_auto(GStrv) lines = g_strsplit(clean, "\n", -1);
    GString *out = g_string_new(NULL);
    guint count = 0;
    for (guint i = g_strv_length(lines); i-- > 0 && count < LAST_LINES;) {
        g_autofree char *line =
            g_utf8_substring(lines[i], 0, MIN(g_utf8_strlen(lines[i], -1), LAST_LENGTH));
        if (!*g_strstrip(line))
            continue;
        g_string_prepend(out, line);
        g_string_prepend(out, "\n  ");
        count++;
    }
    return g_string_free(out, FALSE);
}
