/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a machine that has run leaves. */
#include "inspect/policy.h"

#include <string.h>

static const inspect_rule random_seed = {
    "random-seed", "No random seed or host secret, which clones would share", INSPECT_ERROR};
static const inspect_rule dhcp_lease = {"dhcp-lease", "No DHCP lease and no identity made for one",
                                        INSPECT_WARNING};
static const inspect_rule cloud_init = {"cloud-init-data", "cloud-init knows no instance",
                                        INSPECT_WARNING};
static const inspect_rule shell_history = {
    "shell-history", "No history of shells and other programs", INSPECT_WARNING};
static const inspect_rule machine_id_file = {
    "machine-id-file", "/etc/machine-id exists, or systemd treats the boot as the system's first",
    INSPECT_WARNING};

static gboolean policy_seeds(guest *g, const struct inspect_spec *asked, GPtrArray *broken,
                             GError **error)
{
    (void)asked;
    return policy_break_paths(g, trace_random_seeds, &random_seed, "%s is the same in every clone",
                              broken, error);
}

static gboolean find_histories(guest *g, GPtrArray *broken, GError **error)
{
    g_autofree char *pattern = trace_histories(g, error);
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
                     "there is no /etc/machine-id: systemd treats each clone's first boot as the "
                     "system's first, and presets its units");
    return TRUE;
}

static gboolean policy_run_traces(guest *g, const struct inspect_spec *asked, GPtrArray *broken,
                                  GError **error)
{
    (void)asked;
    return check_machine_id_file(g, broken, error) &&
           policy_break_paths(g, trace_dhcp_leases, &dhcp_lease,
                              "a DHCP lease or its identity was left: %s", broken, error) &&
           policy_break_paths(g, trace_cloud_init, &cloud_init,
                              "cloud-init has left %s of an instance", broken, error) &&
           find_histories(g, broken, error);
}

const inspect_check check_seeds = {
    .name = "seeds",
    .rules = (const inspect_rule *const[]){&random_seed, NULL},
    .run = policy_seeds,
};

const inspect_check check_run_traces = {
    .name = "run-traces",
    .rules = (const inspect_rule *const[]){&machine_id_file, &dhcp_lease, &cloud_init,
                                           &shell_history, NULL},
    .survey_only = TRUE,
    .run = policy_run_traces,
};
