/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/debian.h"

#include "base/text.h"
#include "debian/debian.h"
#include "image/files.h"

#include <stdlib.h>
#include <string.h>

#define STATUS_LIMIT (64ll << 20) /* bytes: ten times that of a full desktop */

static const char status_path[] = "/var/lib/dpkg/status";

gboolean debian_is_mounted(guest *g, gboolean *yes, GError **error)
{
    g_auto(GStrv) paths =
        guest_glob(g, "/{var/lib/dpkg/status,etc/{os-release,debian_version}}", error);
    *yes = paths && g_strv_length(paths) == 3;
    return paths != NULL;
}

char *debian_os_release(const char *text, const char *key)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    gsize length = strlen(key);
    for (char **line = lines; *line; line++) {
        if (strncmp(*line, key, length) != 0 || (*line)[length] != '=')
            continue;
        g_autofree char *value = g_shell_unquote(*line + length + 1, NULL);
        return value ? text_printable(value, -1) : NULL;
    }
    return NULL;
}

void debian_parse_status(const char *text, GPtrArray *packages)
{
    const char *at = text, *end = text + strlen(text);
    struct deb_installed one = {0};
    while (deb_status_next(&at, end, &one))
        guest_package_add(packages, one.name, one.version, one.arch);
}

gboolean debian_read_packages(guest *g, GPtrArray *packages, GError **error)
{
    g_autofree char *text = NULL;
    if (!guest_read_large(g, status_path, STATUS_LIMIT, &text, error))
        return FALSE;
    debian_parse_status(text ? text : "", packages);
    return TRUE;
}

/* In the kernel's words, which the rest of the program uses. */
static char *arch_of(const GPtrArray *packages)
{
    const char *arch = "unknown";
    for (guint i = 0; i < packages->len; i++) {
        const struct guest_package *package = g_ptr_array_index(packages, i);
        if (strcmp(package->name, "dpkg") == 0 || strcmp(package->name, "base-files") == 0)
            arch = package->arch;
    }
    const char *machine = deb_arch_to_machine(arch);
    return g_strdup(machine ? machine : arch);
}

/* "13.1" to 13 and 1; what is no number ("forky/sid") changes nothing. */
static void read_version(const char *text, int *major, int *minor)
{
    g_autoptr(GMatchInfo) match = NULL;
    g_autoptr(GRegex) regex = g_regex_new("^([0-9]{1,6})(\\.([0-9]{1,6}))?", G_REGEX_RAW, 0, NULL);
    if (!text || !g_regex_match(regex, text, 0, &match))
        return;
    g_autofree char *first = g_match_info_fetch(match, 1);
    g_autofree char *second = g_match_info_fetch(match, 3);
    *major = (int)strtol(first, NULL, 10);
    *minor = second ? (int)strtol(second, NULL, 10) : 0;
}

static char *first_line(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", 2);
    return *lines && **lines ? text_printable(g_strstrip(*lines), -1) : g_strdup("unknown");
}

static char *or_unknown(char *text)
{
    return text ? text : g_strdup("unknown");
}

gboolean debian_read(guest *g, GError **error)
{
    g_autofree char *release = NULL, *version = NULL, *hostname = NULL;
    g_autoptr(GPtrArray) packages = guest_packages_new();
    if (!guest_read(g, "/etc/os-release", &release, error) ||
        !guest_read(g, "/etc/debian_version", &version, error) ||
        !guest_read(g, "/etc/hostname", &hostname, error) ||
        !debian_read_packages(g, packages, error))
        return FALSE;
    guest_facts *facts = g->facts;
    g_autofree char *id = debian_os_release(release ? release : "", "VERSION_ID");
    facts->type = g_strdup("linux");
    facts->distro = or_unknown(debian_os_release(release ? release : "", "ID"));
    facts->product = or_unknown(debian_os_release(release ? release : "", "PRETTY_NAME"));
    facts->hostname = first_line(hostname);
    facts->arch = arch_of(packages);
    read_version(id, &facts->major, &facts->minor);
    if (strcmp(facts->distro, "debian") == 0)
        read_version(version, &facts->major, &facts->minor);
    g->format = g_strdup("deb");
    return TRUE;
}
