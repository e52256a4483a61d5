/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/debian.h"

#include "base/files.h"

#include <string.h>

/* sources.list(5): the one-line format of *.list and the deb822 format of *.sources. */

#define SOURCES_MAX (1u << 20)

/* What is wanted: the release, or its security updates. */
struct wanted {
    const char *path;  /* the end of the URL */
    gboolean security; /* the suite's name ends in "-security" */
};

/* An http, https or ftp URL without a user that ends in the path: secrets in the host's sources
 * must not get into a guest. */
static char *usable_uri(const struct wanted *wanted, const char *uri)
{
    static const char *const schemes[] = {"http://", "https://", "ftp://"};
    gsize length = strlen(uri);
    while (length && uri[length - 1] == '/')
        length--;
    g_autofree char *trimmed = g_strndup(uri, length);
    gboolean known = FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(schemes); i++)
        known = known || g_ascii_strncasecmp(uri, schemes[i], strlen(schemes[i])) == 0;
    if (!known || !g_str_has_suffix(trimmed, wanted->path) || strpbrk(trimmed, "@?#$\\"))
        return NULL;
    const char *host = strstr(trimmed, "://") + 3;
    if (*host == '/' || !g_str_is_ascii(trimmed))
        return NULL;
    for (const char *c = trimmed; *c; c++) {
        if (g_ascii_iscntrl(*c) || *c == ' ')
            return NULL;
    }
    return g_steal_pointer(&trimmed);
}

static gboolean hostmirror_has_word(char **words, const char *word)
{
    return words && g_strv_contains((const char *const *)words, word);
}

static gboolean has_suite(const struct wanted *wanted, char **suites)
{
    for (char **s = suites; s && *s; s++) {
        if (**s && g_str_has_suffix(*s, "-security") == wanted->security &&
            !g_str_has_suffix(*s, "/"))
            return TRUE;
    }
    return FALSE;
}

static char *first_usable(const struct wanted *wanted, char **uris)
{
    for (char **u = uris; u && *u; u++) {
        char *uri = usable_uri(wanted, *u);
        if (uri)
            return uri;
    }
    return NULL;
}

static char **words_of(const char *text)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_auto(GStrv) all = g_strsplit_set(text ? text : "", " \t\r\n", -1);
    for (char **w = all; *w; w++) {
        if (**w)
            g_ptr_array_add(words, g_strdup(*w));
    }
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_steal(words, NULL);
}

/* ---- "deb [options] URI suite component..." ---- */

static char *from_line(const struct wanted *wanted, const char *line)
{
    g_autofree char *text = g_strndup(line, strcspn(line, "#"));
    char *rest = g_strstrip(text);
    if (!g_str_has_prefix(rest, "deb") || !strchr(" \t", rest[3]) || !rest[3])
        return NULL;
    rest = g_strchug(rest + 3);
    if (*rest == '[') {
        rest = strchr(rest, ']');
        if (!rest)
            return NULL;
        rest++;
    }
    g_auto(GStrv) words = words_of(rest);
    if (g_strv_length(words) < 3)
        return NULL;
    char *suite[] = {words[1], NULL};
    return has_suite(wanted, suite) && hostmirror_has_word(words + 2, "main")
               ? usable_uri(wanted, words[0])
               : NULL;
}

static char *from_list(const struct wanted *wanted, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        char *uri = from_line(wanted, *line);
        if (uri)
            return uri;
    }
    return NULL;
}

/* ---- *.sources ---- */

static gboolean is_disabled(const char *enabled)
{
    static const char *const no[] = {"no", "false", "without", "off", "disable", "0", NULL};
    g_autofree char *lower = enabled ? g_ascii_strdown(enabled, -1) : NULL;
    return lower && g_strv_contains(no, lower);
}

static char *from_stanza(const struct wanted *wanted, GHashTable *fields)
{
    g_auto(GStrv) types = words_of(deb822_get(fields, "types"));
    g_auto(GStrv) uris = words_of(deb822_get(fields, "uris"));
    g_auto(GStrv) suites = words_of(deb822_get(fields, "suites"));
    g_auto(GStrv) components = words_of(deb822_get(fields, "components"));
    if (is_disabled(deb822_get(fields, "enabled")) || !hostmirror_has_word(types, "deb") ||
        !hostmirror_has_word(components, "main") || !has_suite(wanted, suites))
        return NULL;
    return first_usable(wanted, uris);
}

static char *from_sources(const struct wanted *wanted, const char *text, gsize length)
{
    const char *at = text;
    for (;;) {
        g_autoptr(GHashTable) fields = deb822_next(&at, text + length, NULL);
        if (!fields)
            return NULL;
        char *uri = from_stanza(wanted, fields);
        if (uri)
            return uri;
    }
}

/* ---- the files ---- */

static char *from_file(const struct wanted *wanted, const char *path)
{
    gsize length = 0;
    g_autofree char *text = files_read(path, SOURCES_MAX, &length, NULL);
    if (!text)
        return NULL;
    return g_str_has_suffix(path, ".sources") ? from_sources(wanted, text, length)
                                              : from_list(wanted, text);
}

static gint hostmirror_by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *parts_of(const char *folder)
{
    const char *name;
    GPtrArray *parts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if ((g_str_has_suffix(name, ".list") || g_str_has_suffix(name, ".sources")) &&
            g_file_test(path, G_FILE_TEST_IS_REGULAR))
            g_ptr_array_add(parts, g_steal_pointer(&path));
    }
    g_ptr_array_sort(parts, hostmirror_by_name);
    return parts;
}

char *deb_host_mirror(const char *etc_apt, gboolean security)
{
    const struct wanted wanted = {security ? "/debian-security" : "/debian", security};
    const char *top = etc_apt ? etc_apt : "/etc/apt";
    g_autofree char *main_list = g_build_filename(top, "sources.list", NULL);
    g_autofree char *folder = g_build_filename(top, "sources.list.d", NULL);
    char *uri =
        g_file_test(main_list, G_FILE_TEST_IS_REGULAR) ? from_file(&wanted, main_list) : NULL;
    if (uri)
        return uri;
    g_autoptr(GPtrArray) parts = parts_of(folder);
    for (guint i = 0; i < parts->len && !uri; i++)
        uri = from_file(&wanted, g_ptr_array_index(parts, i));
    return uri;
}
