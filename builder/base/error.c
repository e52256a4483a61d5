/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"

#include <gio/gio.h>
#include <string.h>

static const char hint_mark[] = "\nhint: ";

GQuark ingot_error_quark(void)
{
    return g_quark_from_static_string("ingot-error");
}

void ingot_set_error(GError **error, enum ingot_exit code, const char *hint, const char *format,
                     ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, INGOT_ERROR, (int)code, "%s%s%s", text, hint ? hint_mark : "",
                hint ? hint : "");
}

char *ingot_error_text(const GError *error)
{
    const char *mark = strstr(error->message, hint_mark);
    return mark ? g_strndup(error->message, (gsize)(mark - error->message))
                : g_strdup(error->message);
}

const char *ingot_error_hint(const GError *error)
{
    const char *mark = strstr(error->message, hint_mark);
    return mark ? mark + strlen(hint_mark) : NULL;
}

enum ingot_exit ingot_error_exit(const GError *error, enum ingot_exit fallback)
{
    if (error->domain == INGOT_ERROR)
        return (enum ingot_exit)error->code;
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return INGOT_EXIT_INTERRUPTED;
    return fallback;
}
