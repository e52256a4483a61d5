/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/download.h"

#include "base/text.h"

#include <string.h>

char *media_url_shown(const char *url)
{
    const char *mark = strstr(url, "://");
    const char *host = mark ? mark + 3 : url;
    gsize authority = strcspn(host, "/?#\\");
    const char *at = memrchr(host, '@', authority);
    const char *from = at ? at + 1 : host;
    g_autofree char *rest = g_strndup(from, strcspn(from, "?#"));
    g_autofree char *shown = g_strdup_printf("%.*s%s%s", (int)(host - url), url, rest,
                                             from[strlen(rest)] == '?' ? "?..." : "");
    return text_printable(shown, -1);
}

char *media_url_of_folder(const char *url)
{
    gsize length = strlen(url);
    while (length && url[length - 1] == '/')
        length--;
    return g_strndup(url, length);
}

gboolean media_url_is_file(const char *url)
{
    return g_ascii_strncasecmp(url, "file:", 5) == 0;
}
