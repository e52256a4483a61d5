/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/markup.h"

#include <math.h>
#include <stdarg.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static gboolean unspeakable(gunichar c)
{
    return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0) ||
           (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef) || /* noncharacters */
           (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static void put_char(GString *out, gunichar c)
{
    switch (c) {
    case '&':
        g_string_append(out, "&amp;");
        break;
    case '<':
        g_string_append(out, "&lt;");
        break;
    case '>':
        g_string_append(out, "&gt;");
        break;
    case '"':
        g_string_append(out, "&quot;");
        break;
    case '\'':
        g_string_append(out, "&#39;");
        break;
    default:
        if (unspeakable(c))
            g_string_append(out, REPLACEMENT);
        else
            g_string_append_unichar(out, c);
    }
}

void markup_cut(GString *out, const char *text, glong most)
{
    g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
    const char *c = valid;
    for (; *c && most > 0; c = g_utf8_next_char(c), most--)
        put_char(out, g_utf8_get_char(c));
    if (*c)
        g_string_append(out, "…");
}

void markup_text(GString *out, const char *text)
{
    markup_cut(out, text, G_MAXLONG);
}

static void put_fraction(GString *out, double value)
{
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append(out, g_ascii_formatd(buffer, sizeof buffer, "%.1f", value));
}

void markup(GString *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    for (const char *c = format; *c; c++) {
        if (*c != '%') {
            g_string_append_c(out, *c);
            continue;
        }
        switch (*++c) {
        case 's':
            markup_text(out, va_arg(args, const char *));
            break;
        case 'u':
            g_string_append_printf(out, "%u", va_arg(args, guint));
            break;
        case 'd':
            g_string_append_printf(out, "%d", va_arg(args, int));
            break;
        case '.':
            c += 2; /* "1f" */
            put_fraction(out, va_arg(args, double));
            break;
        default:
            g_string_append_c(out, *c);
        }
    }
    va_end(args);
}

/* ---- members ---- */

const char *member_text(const json_t *o, const char *name)
{
    const char *text = json_string_value(json_object_get(o, name));
    return text ? text : "";
}

double member_number(const json_t *o, const char *name)
{
    double value = json_number_value(json_object_get(o, name));
    return isfinite(value) ? CLAMP(value, 0, 1e18) : 0;
}

gsize member_count(const json_t *o, const char *name, gsize most)
{
    return MIN(json_array_size(json_object_get(o, name)), most);
}

const json_t *member_at(const json_t *o, const char *name, gsize index)
{
    return json_array_get(json_object_get(o, name), index);
}
