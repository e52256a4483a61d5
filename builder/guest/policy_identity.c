/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes one machine differ from the next must not be in what all of them start from. */
#include "guest/policy.h"

#include "guest/operations.h"
#include "guest/search.h"

#include <string.h>
#include <sys/stat.h>

/* machine-id(5): 32 hexadecimal digits are an id; empty and "uninitialized" are none. */
static gboolean check_machine_id(guest *g, const char *path, GPtrArray *broken, GError **error)
{
    g_autofree char *text = NULL;
    /* That of D-Bus is mostly a link to the other one. */
    if (guestfs_is_symlink(g->h, path) == 1)
        return TRUE;
    if (!guest_read(g, path, &text, error))
        return FALSE;
    const char *id = text ? g_strstrip(text) : "";
    if (*id && strcmp(id, "uninitialized") != 0)
        policy_break(broken, "%s holds an id, which every clone would share", path);
    return TRUE;
}

static gboolean check_absent(guest *g, const char *pattern, const char *what, GPtrArray *broken,
                             GError **error)
{
    g_auto(GStrv) paths = guest_glob(g, pattern, error);
    for (char **path = paths; path && *path; path++)
        policy_break(broken, "%s was left: %s", what, *path);
    return paths != NULL;
}

static gboolean check_nics(guest *g, GPtrArray *broken, GError **error)
{
    for (const struct guest_line_rule *rule = guest_nic_rules; rule->files; rule++) {
        g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
        if (!guest_find_line(g, rule, paths, error))
            return FALSE;
        for (guint i = 0; i < paths->len; i++)
            policy_break(broken, "%s has %s", (const char *)g_ptr_array_index(paths, i),
                         rule->what);
    }
    return TRUE;
}

gboolean policy_identity(guest *g, GPtrArray *broken, GError **error)
{
    return check_machine_id(g, "/etc/machine-id", broken, error) &&
           check_machine_id(g, "/var/lib/dbus/machine-id", broken, error) &&
           check_absent(g, guest_host_key_files, "an SSH host key", broken, error) &&
           check_absent(g, guest_udev_net_rules, "a rule for one network card", broken, error) &&
           check_nics(g, broken, error);
}
