/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/debian.h"

#include <string.h>

#define PATH_BYTES 1024u

gboolean deb_is_name(const char *text)
{
    return text && g_regex_match_simple("^" DEB_NAME_PATTERN "$", text, G_REGEX_DOLLAR_ENDONLY, 0);
}

gboolean deb_is_wanted_name(const char *text)
{
    return deb_is_name(text) && text[1] && !g_str_has_suffix(text, "-");
}

char *deb_name_advice(const char *text)
{
    return g_str_has_suffix(text, "-") ? g_strdup("apt would remove a package written like this")
                                       : NULL;
}

static gboolean is_word(const char *text, const char *more)
{
    if (!text || !g_ascii_isalnum(*text))
        return FALSE;
    for (const char *c = text; *c; c++)
        if (!g_ascii_isalnum(*c) && !strchr(more, *c))
            return FALSE;
    return TRUE;
}

gboolean deb_is_version(const char *text)
{
    return is_word(text, "+-.~:");
}

gboolean deb_is_arch(const char *text)
{
    return is_word(text, "-");
}

gboolean deb_path_is_safe(const char *text)
{
    if (!g_utf8_validate(text, -1, NULL) || strlen(text) > PATH_BYTES)
        return FALSE;
    g_auto(GStrv) parts = g_strsplit(text, "/", -1);
    for (char **p = parts; *p; p++) {
        if (!**p || g_str_equal(*p, ".") || g_str_equal(*p, ".."))
            return FALSE;
        for (const char *c = *p; *c; c++) {
            if (g_ascii_iscntrl(*c) || *c == '\\')
                return FALSE;
        }
    }
    return parts[0] != NULL;
}

/* Debian's names (Policy 11.1), and those of uname(2), which the rest of the program uses. */
static const struct {
    const char *debian, *machine;
} arches[] = {{"amd64", "x86_64"},
              {"arm64", "aarch64"},
              {"i386", "i686"},
              {"armhf", "armv7l"},
              {"ppc64el", "ppc64le"}};

const char *deb_arch_of_machine(const char *machine)
{
    for (gsize i = 0; i < G_N_ELEMENTS(arches); i++)
        if (g_str_equal(arches[i].machine, machine))
            return arches[i].debian;
    return NULL;
}

const char *deb_arch_to_machine(const char *arch)
{
    for (gsize i = 0; i < G_N_ELEMENTS(arches); i++)
        if (g_str_equal(arches[i].debian, arch))
            return arches[i].machine;
    return NULL;
}
