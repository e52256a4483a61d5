/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes one machine differ from the next must not be in what all of them start from. */
#include "inspect/policy.h"

#include <string.h>
#include <sys/stat.h>

static const inspect_rule machine_id = {"machine-id", "The machine-id is empty", INSPECT_ERROR};
static const inspect_rule host_key = {"ssh-host-key", "No SSH host keys", INSPECT_ERROR};
static const inspect_rule nic_name = {"nic-name", "No udev rule that names one network card",
                                      INSPECT_ERROR};
static const inspect_rule nic_address = {
    "nic-address", "No MAC address or UUID of a network card in its configuration", INSPECT_ERROR};

/* machine-id(5): 32 hexadecimal digits are an id; empty and "uninitialized" are none. */
static gboolean check_machine_id(guest *g, const char *path, GPtrArray *broken, GError **error)
{
    g_autofree char *text = NULL;
    struct guest_stat info;
    if (!guest_stat(g, path, &info, error))
        return FALSE;
    /* That of D-Bus is mostly a link to the other one. */
    if (S_ISLNK((mode_t)info.mode))
        return TRUE;
    if (!guest_read(g, path, &text, error))
        return FALSE;
    const char *id = text ? g_strstrip(text) : "";
    if (*id && strcmp(id, "uninitialized") != 0)
        policy_break(broken, &machine_id, path, "%s holds an id, which every clone would share",
                     path);
    return TRUE;
}

static gboolean check_nics(guest *g, GPtrArray *broken, GError **error)
{
    gboolean good = TRUE;
    for (const struct guest_line_rule *rule = trace_nic_rules; good && rule->files; rule++)
        good = policy_break_lines(g, rule, &nic_address, "has", broken, error);
    return good;
}

static gboolean policy_identity(guest *g, const struct inspect_spec *asked, GPtrArray *broken,
                                GError **error)
{
    (void)asked;
    return check_machine_id(g, "/etc/machine-id", broken, error) &&
           check_machine_id(g, "/var/lib/dbus/machine-id", broken, error) &&
           policy_break_paths(g, trace_host_keys, &host_key, "an SSH host key was left: %s", broken,
                              error) &&
           policy_break_paths(g, trace_udev_net_rules, &nic_name,
                              "a rule for one network card was left: %s", broken, error) &&
           check_nics(g, broken, error);
}

const inspect_check check_identity = {
    .name = "identity",
    .rules = (const inspect_rule *const[]){&machine_id, &host_key, &nic_name, &nic_address, NULL},
    .run = policy_identity,
};
