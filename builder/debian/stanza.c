/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/stanza.h"

#include "base/error.h"

#define STANZA_MAX (4u << 20)

static const char *const names[DEB_FIELDS] = {
    [DEB_FIELD_PACKAGE] = "Package",
    [DEB_FIELD_VERSION] = "Version",
    [DEB_FIELD_ARCHITECTURE] = "Architecture",
    [DEB_FIELD_STATUS] = "Status",
    [DEB_FIELD_PRE_DEPENDS] = "Pre-Depends",
    [DEB_FIELD_DEPENDS] = "Depends",
    [DEB_FIELD_RECOMMENDS] = "Recommends",
    [DEB_FIELD_CONFLICTS] = "Conflicts",
    [DEB_FIELD_BREAKS] = "Breaks",
    [DEB_FIELD_PROVIDES] = "Provides",
    [DEB_FIELD_PRIORITY] = "Priority",
    [DEB_FIELD_ESSENTIAL] = "Essential",
    [DEB_FIELD_FILENAME] = "Filename",
    [DEB_FIELD_SIZE] = "Size",
    [DEB_FIELD_SHA256] = "SHA256",
};

/* DEB_FIELDS: none of those.  There are a million lines: most end at the first letter. */
static enum deb_field field_of(struct slice name)
{
    for (int f = 0; f < DEB_FIELDS; f++)
        if (g_ascii_tolower(*name.text) == g_ascii_tolower(*names[f]) &&
            g_ascii_strncasecmp(name.text, names[f], name.length) == 0 && !names[f][name.length])
            return (enum deb_field)f;
    return DEB_FIELDS;
}

gboolean stanza_check_size(gsize length, GError **error)
{
    if (length <= STANZA_MAX)
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "the Packages file has a stanza of over %u MiB",
                    STANZA_MAX >> 20);
    return FALSE;
}

gboolean stanza_next(const char **at, const char *end, gboolean lenient, deb_stanza *stanza,
                     GError **error)
{
    struct deb822_reader r = {.at = *at, .end = end};
    struct slice name, value;
    enum deb822_kind kind;
    gboolean good = TRUE;
    *stanza = (deb_stanza){0};
    while (good && (kind = deb822_read(&r, &name, &value)) != DEB822_END) {
        enum deb_field f = kind == DEB822_FIELD ? field_of(name) : DEB_FIELDS;
        if (kind == DEB822_BAD)
            good = lenient || deb822_fail(&r, r.why, error);
        else if (f != DEB_FIELDS && stanza->fields[f].text && !lenient)
            good = deb822_fail(&r, "a duplicate field", error);
        else if (f != DEB_FIELDS)
            stanza->fields[f] = value;
    }
    good = good && (lenient || stanza_check_size((gsize)(r.at - *at), error));
    *at = r.at;
    return good && r.begun;
}

/* ---- packages ---- */

void deb_package_free(deb_package *package)
{
    if (!package)
        return;
    g_free(package->name);
    g_free(package->version);
    g_free(package->arch);
    g_free(package->filename);
    g_free(package);
}

gboolean deb_package_is_automatic(const deb_package *package)
{
    return !package->base && !package->wanted;
}
