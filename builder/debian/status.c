/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/stanza.h"

#include <string.h>

void deb_installed_clear(struct deb_installed *installed)
{
    g_clear_pointer(&installed->name, g_free);
    g_clear_pointer(&installed->version, g_free);
    g_clear_pointer(&installed->arch, g_free);
}

static gboolean is_installed(const deb_stanza *s)
{
    struct slice word = {0}, rest = s->fields[DEB_FIELD_STATUS];
    while (slice_next(&rest, ' ', &word))
        continue;
    return slice_is(word, "installed") && s->fields[DEB_FIELD_PACKAGE].text &&
           s->fields[DEB_FIELD_VERSION].text;
}

gboolean deb_status_next(const char **at, const char *end, struct deb_installed *installed)
{
    deb_stanza s;
    deb_installed_clear(installed);
    while (stanza_next(at, end, TRUE, &s, NULL)) {
        if (!is_installed(&s))
            continue;
        const struct slice arch = s.fields[DEB_FIELD_ARCHITECTURE];
        installed->name = slice_copy(s.fields[DEB_FIELD_PACKAGE]);
        installed->version = slice_copy(s.fields[DEB_FIELD_VERSION]);
        installed->arch = arch.text ? slice_copy(arch) : g_strdup("all");
        return TRUE;
    }
    return FALSE;
}
