/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/debian.h"

#include <string.h>

/* '~' sorts before the end, the end before letters, letters before all else. */
static int version_order(char c)
{
    if (c == '~')
        return -1;
    if (c == '\0' || g_ascii_isdigit(c))
        return 0;
    return g_ascii_isalpha(c) ? c : (unsigned char)c + 256;
}

static int compare_digits(const char **a, const char **b)
{
    int difference = 0;
    while (**a == '0')
        (*a)++;
    while (**b == '0')
        (*b)++;
    for (; g_ascii_isdigit(**a) && g_ascii_isdigit(**b); (*a)++, (*b)++) {
        if (!difference)
            difference = **a - **b;
    }
    if (g_ascii_isdigit(**a))
        return 1;
    return g_ascii_isdigit(**b) ? -1 : difference;
}

static int compare_part(const char *a, const char *b)
{
    while (*a || *b) {
        while ((*a && !g_ascii_isdigit(*a)) || (*b && !g_ascii_isdigit(*b))) {
            int difference = version_order(*a) - version_order(*b);
            if (difference)
                return difference;
            a++;
            b++;
        }
        int difference = compare_digits(&a, &b);
        if (difference)
            return difference;
    }
    return 0;
}

struct version {
    char *epoch, *upstream, *revision;
};

static struct version version_of(const char *text)
{
    const char *colon = strchr(text, ':');
    const char *rest = colon ? colon + 1 : text;
    const char *dash = strrchr(rest, '-');
    return (struct version){
        .epoch = colon ? g_strndup(text, (gsize)(colon - text)) : g_strdup("0"),
        .upstream = dash ? g_strndup(rest, (gsize)(dash - rest)) : g_strdup(rest),
        .revision = g_strdup(dash ? dash + 1 : ""),
    };
}

static void version_clear(struct version *v)
{
    g_free(v->epoch);
    g_free(v->upstream);
    g_free(v->revision);
}

int deb_version_compare(const char *a, const char *b)
{
    struct version va = version_of(a), vb = version_of(b);
    int result = compare_part(va.epoch, vb.epoch);
    if (!result)
        result = compare_part(va.upstream, vb.upstream);
    if (!result)
        result = compare_part(va.revision, vb.revision);
    version_clear(&va);
    version_clear(&vb);
    return result;
}
