/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/text.h"

#include <math.h>
#include <string.h>

#define WORD_MAX 64u

static guint distance(const char *a, const char *b)
{
    gsize la = strlen(a), lb = strlen(b);
    guint rows[3][WORD_MAX + 1];
    guint *before = rows[0], *last = rows[1], *now = rows[2];
    if (la > WORD_MAX || lb > WORD_MAX)
        return G_MAXUINT;
    for (gsize j = 0; j <= lb; j++)
        last[j] = before[j] = (guint)j;
    for (gsize i = 1; i <= la; i++) {
        now[0] = (guint)i;
        for (gsize j = 1; j <= lb; j++) {
            guint cost = last[j - 1] + (a[i - 1] != b[j - 1]);
            cost = MIN(cost, MIN(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                cost = MIN(cost, before[j - 2] + 1);
            now[j] = cost;
        }
        guint *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[lb];
}

const char *text_nearest(const char *word, const char *const *candidates)
{
    const char *best = NULL;
    guint limit = (guint)MAX(strlen(word) / 3, 1), least = limit + 1;
    for (const char *const *c = candidates; c && *c; c++) {
        guint d = distance(word, *c);
        if (d < least) {
            least = d;
            best = *c;
        }
    }
    return best;
}

char *text_did_you_mean(const char *word, const char *const *candidates, const char *otherwise)
{
    const char *near = text_nearest(word, candidates);
    return near ? g_strdup_printf("did you mean '%s'?", near) : g_strdup(otherwise);
}

struct unit {
    const char *name;
    guint64 factor;
};

static const struct unit sizes[] = {
    {"", 1},
    {"B", 1},
    {"K", 1u << 10},
    {"KiB", 1u << 10},
    {"kB", 1000},
    {"KB", 1000},
    {"M", 1u << 20},
    {"MiB", 1u << 20},
    {"MB", 1000000},
    {"G", 1u << 30},
    {"GiB", 1u << 30},
    {"GB", 1000000000},
    {"T", 1ull << 40},
    {"TiB", 1ull << 40},
    {"TB", 1000000000000},
};

gboolean text_parse_size(const char *text, guint64 *bytes)
{
    char *end = NULL;
    if (!g_ascii_isdigit(*text))
        return FALSE;
    double number = g_ascii_strtod(text, &end);
    gsize digits = strspn(text, "0123456789.");
    if (end != text + digits)
        return FALSE;
    while (*end == ' ')
        end++;
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        if (strcmp(end, sizes[i].name) != 0)
            continue;
        double value = number * (double)sizes[i].factor;
        if (value >= 9.2e18 || value != floor(value))
            return FALSE;
        *bytes = (guint64)value;
        return TRUE;
    }
    return FALSE;
}

gboolean text_parse_duration(const char *text, guint *seconds)
{
    static const struct unit units[] = {{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}};
    guint64 total = 0;
    gsize next = 0;
    if (!*text)
        return FALSE;
    while (*text) {
        char *end = NULL;
        if (!g_ascii_isdigit(*text))
            return FALSE;
        guint64 n = g_ascii_strtoull(text, &end, 10);
        while (next < G_N_ELEMENTS(units) && *end != *units[next].name)
            next++;
        if (next == G_N_ELEMENTS(units) || n > G_MAXINT32)
            return FALSE;
        total += n * units[next++].factor;
        text = end + 1;
    }
    if (total > G_MAXINT32)
        return FALSE;
    *seconds = (guint)total;
    return TRUE;
}

char *text_size(guint64 bytes)
{
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    gsize i = 0;
    while (value >= 1024 && i + 1 < G_N_ELEMENTS(names)) {
        value /= 1024;
        i++;
    }
    return g_strdup_printf(i == 0 || value == floor(value) ? "%.0f %s" : "%.1f %s", value,
                           names[i]);
}

char *text_duration(double seconds)
{
    if (seconds < 60)
        return g_strdup_printf("%.1f s", seconds);
    guint whole = (guint)(seconds + 0.5);
    if (whole < 3600)
        return g_strdup_printf("%u min %02u s", whole / 60, whole % 60);
    return g_strdup_printf("%u h %02u min", whole / 3600, whole / 60 % 60);
}

static guint rounded(double value, guint step)
{
    return (guint)((value + step / 2.0) / step) * step;
}

char *text_about(double seconds)
{
    double most = CLAMP(seconds, 0, 1e6);
    if (most < 10)
        return g_strdup_printf("%u s", MAX(rounded(most, 1), 1));
    if (most < 57)
        return g_strdup_printf("%u s", rounded(most, 5));
    guint minutes = most < 600 ? rounded(most / 60, 1) : rounded(most / 60, 5);
    if (most < 165 && rounded(most, 30) % 60)
        return g_strdup_printf("%u min 30 s", rounded(most, 30) / 60);
    if (minutes < 60)
        return g_strdup_printf("%u min", minutes);
    return minutes % 60 ? g_strdup_printf("%u h %u min", minutes / 60, minutes % 60)
                        : g_strdup_printf("%u h", minutes / 60);
}

/* The length of a CSI or two-byte escape sequence (ECMA-48, 5.4) at text, or 0. */
static gsize escape_length(const char *text, gsize left)
{
    if (left < 2 || text[0] != '\033')
        return 0;
    if (text[1] != '[')
        return 2;
    gsize i = 2;
    while (i < left && (text[i] < 0x40 || text[i] > 0x7e))
        i++;
    return MIN(i + 1, left);
}

char *text_printable(const char *text, gssize length)
{
    g_autofree char *valid = g_utf8_make_valid(text, length);
    GString *out = g_string_new(NULL);
    gsize left = strlen(valid);
    for (const char *p = valid; left;) {
        gsize skip = escape_length(p, left);
        if (!skip) {
            skip = (gsize)(g_utf8_next_char(p) - p);
            gunichar c = g_utf8_get_char(p);
            if (c == '\t' || c == '\n' || g_unichar_isprint(c))
                g_string_append_len(out, p, (gssize)skip);
            else if (c != '\r')
                g_string_append_c(out, '?');
        }
        p += skip;
        left -= skip;
    }
    return g_string_free(out, FALSE);
}

json_t *text_json(const char *text)
{
    g_autofree char *clean = text_printable(text ? text : "", -1);
    return json_string(clean);
}

gboolean text_is_package_name(const char *text)
{
    return g_utf8_validate(text, -1, NULL) &&
           g_regex_match_simple("^" TEXT_PACKAGE_NAME "$", text, G_REGEX_DOLLAR_ENDONLY, 0);
}
