/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox/sandbox.h"

#include "base/error.h"
#include "sandbox/launch.h"

#include <unistd.h>

/* Little, so that a host that has a cgroup without these limits is noticed. */
#define PROBE_MEMORY    (256u << 20)
#define PROBE_PROCESSES 64

void sandbox_host_clear(struct sandbox_host *host)
{
    g_clear_pointer(&host->why, g_free);
    g_clear_pointer(&host->remedy, g_free);
}

static const char *limits_constant(const char *said)
{
    static const char *const names[] = {"cgroup v2", "cgroup v1", "rlimits"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_strcmp0(said, names[i]) == 0)
            return names[i];
    return NULL;
}

/* The helper makes everything that a program gets, and the program is its own: it ends at once. */
static gboolean can_start(enum sandbox_kind kind, const char **limits, GError **error)
{
    static const char *const none[] = {NULL};
    const struct sandbox_mount mounts[] = {{"/", NULL, TRUE}, {.at = NULL}};
    struct sandbox_request request = {.task = TASK_START,
                                      .spec = {.kind = kind,
                                               .argv = none,
                                               .env = none,
                                               .mounts = mounts,
                                               .socket = -1,
                                               .memory = PROBE_MEMORY,
                                               .processes = PROBE_PROCESSES}};
    if (!sandbox_ids_find(kind, &request.ids, error))
        return FALSE;
    g_autofree char *said = NULL;
    g_autoptr(GSubprocess) child = launch_helper(&request, &said, error);
    if (!child)
        return FALSE;
    *limits = limits_constant(said);
    if (g_subprocess_wait_check(child, NULL, NULL) && *limits)
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_HOST, NULL, "the first program in a sandbox failed");
    return FALSE;
}

static void has_users(struct sandbox_host *host)
{
    host->kind = SANDBOX_USER;
    host->why = g_strdup(geteuid() == 0
                             ? "programs run as UIDs of their own, which no user of this host has"
                             : "programs run as this user's sub-UIDs");
}

/* A sandbox without a user namespace may still be asked for by name. */
static void has_no_users(struct sandbox_host *host, const GError *cause)
{
    g_autofree char *text = ingot_error_text(cause);
    host->remedy = g_strdup(ingot_error_hint(cause));
    g_autoptr(GError) worse = NULL;
    host->kind = geteuid() == 0 && can_start(SANDBOX_ROOT, &host->limits, &worse) ? SANDBOX_ROOT
                                                                                  : SANDBOX_NONE;
    host->why =
        host->kind == SANDBOX_ROOT
            ? g_strdup_printf("only as this host's root, without a user namespace: %s", text)
            : g_steal_pointer(&text);
}

gboolean sandbox_probe(struct sandbox_host *host, GCancellable *cancel, GError **error)
{
    *host = (struct sandbox_host){.limits = "rlimits"};
    if (g_cancellable_set_error_if_cancelled(cancel, error))
        return FALSE;
    g_autoptr(GError) local = NULL;
    if (can_start(SANDBOX_USER, &host->limits, &local))
        has_users(host);
    else
        has_no_users(host, local);
    return TRUE;
}
