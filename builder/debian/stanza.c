/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/stanza.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"

#include <string.h>

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

deb_package *stanza_package(const deb_stanza *stanza, GError **error)
{
    g_autoptr(deb_package) p = g_new0(deb_package, 1);
    const struct slice *f = stanza->fields;
    g_autofree char *size = slice_copy(f[DEB_FIELD_SIZE]);
    g_autofree char *sha256 = slice_copy(f[DEB_FIELD_SHA256]);
    p->stanza = f[DEB_FIELD_PACKAGE].text;
    p->name = slice_copy(f[DEB_FIELD_PACKAGE]);
    p->version = slice_copy(f[DEB_FIELD_VERSION]);
    p->arch = slice_copy(f[DEB_FIELD_ARCHITECTURE]);
    p->filename = slice_copy(f[DEB_FIELD_FILENAME]);
    if (deb_is_name(p->name) && deb_is_version(p->version) && deb_is_arch(p->arch) &&
        digest_is_hex(sha256) && deb_path_is_safe(p->filename) &&
        g_ascii_string_to_unsigned(size, 10, 1, G_MAXINT64, &p->size, NULL)) {
        g_autofree char *lower = g_ascii_strdown(sha256, -1);
        g_strlcpy(p->sha256, lower, sizeof p->sha256);
        return g_steal_pointer(&p);
    }
    g_autofree char *shown = text_printable(p->name, -1);
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL,
                    "the Packages file has no usable name, version, file name, size and SHA-256 "
                    "for %s",
                    shown);
    return NULL;
}
