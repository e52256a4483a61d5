/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a machine that has run leaves: sysprep operations remove it, so their patterns find it. */
#include "guest/policy.h"

#include "guest/operations.h"
#include "guest/tree.h"

#include <string.h>

static const guest_rule random_seed = {
    "random-seed", "No random seed or host secret, which clones would share", GUEST_ERROR};
static const guest_rule dhcp_lease = {"dhcp-lease", "No DHCP lease and no identity made for one",
                                      GUEST_WARNING};
static const guest_rule cloud_init = {"cloud-init-data", "cloud-init knows of no instance",
                                      GUEST_WARNING};
static const guest_rule shell_history = {"shell-history", "No history of shells and other programs",
                                         GUEST_WARNING};
static const guest_rule machine_id_file = {
    "machine-id-file", "There is a machine-id to be filled, or the boot is taken for the first one",
    GUEST_WARNING};

static gboolean policy_remains_find(guest *g, const char *operation, const guest_rule *rule,
                                    const char *said, GPtrArray *broken, GError **error)
{
    for (const guest_operation *const *op = guest_operations(); *op; op++)
        if (strcmp((*op)->name, operation) == 0)
            return policy_break_paths(g, (*op)->remove, rule, said, broken, error);
    g_error("there is no operation %s", operation);
}

static gboolean policy_seeds(guest *g, GPtrArray *broken, GError **error)
{
    return policy_remains_find(g, "random-seed", &random_seed, "%s is the same in every clone",
                               broken, error);
}

static gboolean find_histories(guest *g, GPtrArray *broken, GError **error)
{
    g_autofree char *pattern = guest_history_files(g, error);
    return pattern &&
           policy_break_paths(g, pattern, &shell_history, "a history was left: %s", broken, error);
}

static gboolean check_machine_id_file(guest *g, GPtrArray *broken, GError **error)
{
    gboolean present;
    if (!guest_any(g, "/etc/machine-id", &present, error))
        return FALSE;
    if (g->facts->systemd && !present)
        policy_break(broken, &machine_id_file, "/etc/machine-id",
                     "there is no /etc/machine-id: systemd takes each clone's first boot for the "
                     "first of the system, and presets its units");
    return TRUE;
}

static gboolean policy_remains(guest *g, GPtrArray *broken, GError **error)
{
    return check_machine_id_file(g, broken, error) &&
           policy_remains_find(g, "dhcp-leases", &dhcp_lease,
                               "a DHCP lease or its identity was left: %s", broken, error) &&
           policy_remains_find(g, "cloud-init", &cloud_init,
                               "cloud-init has kept %s of an instance", broken, error) &&
           find_histories(g, broken, error);
}

const guest_check check_seeds = {
    .name = "seeds",
    .rules = (const guest_rule *const[]){&random_seed, NULL},
    .run = policy_seeds,
};

const guest_check check_remains = {
    .name = "remains",
    .rules = (const guest_rule *const[]){&machine_id_file, &dhcp_lease, &cloud_init, &shell_history,
                                         NULL},
    .survey_only = TRUE,
    .run = policy_remains,
};
