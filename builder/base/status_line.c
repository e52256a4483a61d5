/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/status_line.h"

#include "base/text.h"

/* With fewer columns than this for the words, only the time is shown. */
#define WORDS_LEAST 8u
/* Beyond this factor, a stage no longer takes "2 min of about 3 min". */
#define LATE 1.1

static guint width_of(gunichar c)
{
    return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

static guint text_width(const char *text)
{
    guint width = 0;
    for (const char *c = text; *c; c = g_utf8_next_char(c))
        width += width_of(g_utf8_get_char(c));
    return width;
}

/* As much of text as fits, with an ellipsis when something is left out. */
static char *status_line_cut(const char *text, guint columns)
{
    guint width = 0;
    const char *c = text;
    if (text_width(text) <= columns)
        return g_strdup(text);
    for (; *c && width + width_of(g_utf8_get_char(c)) + 1 <= columns; c = g_utf8_next_char(c))
        width += width_of(g_utf8_get_char(c));
    g_autofree char *part = g_strndup(text, (gsize)(c - text));
    return columns ? g_strconcat(g_strchomp(part), "…", NULL) : g_strdup("");
}

/* Whole seconds: the line is drawn once a second. */
static char *status_line_clock(double seconds)
{
    return seconds < 60 ? g_strdup_printf("%u s", (guint)seconds) : text_duration(seconds);
}

static char *status_line_time(const struct status_line *now)
{
    g_autofree char *took = status_line_clock(now->seconds);
    g_autofree char *about = now->expected > 0 ? text_about(now->expected) : NULL;
    if (!about)
        return g_steal_pointer(&took);
    return g_strdup_printf(now->seconds <= now->expected * LATE ? "%s of about %s"
                                                                : "%s, usually about %s",
                           took, about);
}

/* A detail may have several lines and tabs; the terminal gets one. */
static char *status_line_words(const struct status_line *now)
{
    g_autofree char *text =
        g_strdup_printf("%-8s %s%s%s", now->stage ? now->stage : "", now->phase ? now->phase : "",
                        now->phase && now->detail ? "  " : "", now->detail ? now->detail : "");
    g_autofree char *clean = text_printable(text, -1);
    g_strdelimit(clean, "\n\t", ' ');
    return g_strchomp(g_steal_pointer(&clean));
}

char *status_line_text(const struct status_line *now, guint columns)
{
    g_autofree char *time = status_line_time(now);
    g_autofree char *words = status_line_words(now);
    guint right = text_width(time) + 2;
    if (columns < right + WORDS_LEAST)
        return status_line_cut(time, columns);
    g_autofree char *left = status_line_cut(words, columns - right);
    return g_strconcat(left, "  ", time, NULL);
}
