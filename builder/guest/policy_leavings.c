/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the build knew must not be in what it made: answer files, passwords, addresses of its VM. */
#include "guest/policy.h"

#include "guest/operations.h"
#include "guest/search.h"

#include <string.h>

static const char *const searched[] = {"/etc", "/root", "/home", "/var", NULL};

static gboolean check_installer_files(guest *g, GPtrArray *broken, GError **error)
{
    g_auto(GStrv) paths = guest_glob(g, guest_installer_files, error);
    for (char **path = paths; path && *path; path++)
        policy_break(broken, "the installer's %s was left", *path);
    return paths != NULL;
}

/* debconf(7) keeps answers to password questions in a file of their own; one that was asked and
 * cleared again has an empty value. */
static gboolean check_debconf(guest *g, GPtrArray *broken, GError **error)
{
    static const struct guest_line_rule value = {"/var/cache/debconf/passwords.dat{,-old}",
                                                 "^Value:[ \t]*[^ \t]", NULL, "a password"};
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    if (!guest_find_line(g, &value, paths, error))
        return FALSE;
    for (guint i = 0; i < paths->len; i++)
        policy_break(broken, "%s holds a password", (const char *)g_ptr_array_index(paths, i));
    return TRUE;
}

/* shadow(5): an empty second field lets everybody in without a password. */
static gboolean check_shadow(guest *g, GPtrArray *broken, GError **error)
{
    g_autofree char *text = NULL;
    if (!guest_read(g, "/etc/shadow", &text, error))
        return FALSE;
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, ":", 3);
        if (g_strv_length(fields) == 3 && !*fields[1])
            policy_break(broken, "the account %s has an empty password", fields[0]);
    }
    return TRUE;
}

static gboolean check_contents(guest *g, GPtrArray *broken, GError **error)
{
    g_autoptr(GArray) needles = needles_new();
    for (const char *const *mac = g->spec->forbidden_macs; mac && *mac; mac++)
        needles_add_mac(needles, *mac, "the MAC address of the build's machine is");
    for (const char *const *text = g->spec->forbidden_texts; text && *text; text++)
        needles_add_secret(needles, *text, "a secret of the build is");
    gboolean good = TRUE;
    for (const char *const *folder = searched; good && *folder; folder++)
        good = guest_search(g, *folder, needles, broken, error);
    return good;
}

gboolean policy_leavings(guest *g, GPtrArray *broken, GError **error)
{
    return check_installer_files(g, broken, error) && check_debconf(g, broken, error) &&
           check_shadow(g, broken, error) && check_contents(g, broken, error);
}
