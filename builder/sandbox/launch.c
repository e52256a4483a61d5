/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox/launch.h"

#include "base/error.h"
#include "base/spawn.h"
#include "sandbox/diagnose.h"
#include "sandbox/helper.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HELPER_ARGUMENT "--sandbox-helper"
#define SETUP_LIMIT     60 /* seconds; it takes some hundredths */

/* The helper is the running program, started again, because a fork of it would have its secrets in
 * memory.  Whatever program has this room linked in, a test too, can be the helper; so it does not
 * wait for main (as in runc's nsexec.c).  glibc calls constructors with main's arguments. */
__attribute__((constructor)) static void become_helper(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], HELPER_ARGUMENT) == 0)
        helper_main();
}

/* ---- what the helper says ---- */

static gboolean map_outer(const struct sandbox_ids *ids, const char *pid, const char *program,
                          guint32 own, guint32 first, const struct host_facts *facts,
                          GError **error)
{
    g_autofree char *caller = g_strdup_printf("%u", own);
    g_autofree char *sub = g_strdup_printf("%u", first);
    g_autofree char *count = g_strdup_printf("%u", SANDBOX_IDS);
    (void)ids;
    const char *const argv[] = {program, pid, "0", caller, "1", "1", sub, count, NULL};
    g_autoptr(GError) local = NULL;
    if (spawn_run(argv, NULL, NULL, &local))
        return TRUE;
    diagnose_map(program, local, facts, error);
    return FALSE;
}

static gboolean map_for(GSubprocess *child, const struct sandbox_ids *ids, int report,
                        GError **error)
{
    struct host_facts facts;
    host_facts_read(&facts);
    const char *pid = g_subprocess_get_identifier(child);
    if (!pid || !map_outer(ids, pid, "newuidmap", geteuid(), ids->uid, &facts, error) ||
        !map_outer(ids, pid, "newgidmap", getegid(), ids->gid, &facts, error))
        return FALSE;
    return send(report, "m", 1, MSG_NOSIGNAL) == 1;
}

/* 1: a message, 0: the helper has closed its end, -1: it said nothing in time. */
static int receive_report(int report, struct sandbox_fault *said)
{
    struct pollfd from = {.fd = report, .events = POLLIN};
    int ready;
    while ((ready = poll(&from, 1, SETUP_LIMIT * 1000)) < 0 && errno == EINTR)
        ;
    if (ready <= 0)
        return -1;
    ssize_t n = recv(report, said, sizeof *said, 0);
    said->what[sizeof said->what - 1] = '\0';
    return n == (ssize_t)sizeof *said;
}

static gboolean take_report(GSubprocess *child, const struct sandbox_request *request, int report,
                            const struct sandbox_fault *said, char **limits, GError **error)
{
    struct host_facts facts;
    if (said->step == STEP_WANTS_MAP)
        return map_for(child, &request->ids, report, error);
    if (said->step == STEP_NONE) {
        if (limits)
            *limits = g_strdup(said->what);
        return TRUE;
    }
    host_facts_read(&facts);
    diagnose_fault(said, &facts, error);
    return FALSE;
}

static gboolean await_start(GSubprocess *child, const struct sandbox_request *request, int report,
                            char **limits, GError **error)
{
    struct sandbox_fault said;
    int got;
    while ((got = receive_report(report, &said)) > 0)
        if (!take_report(child, request, report, &said, limits, error))
            return FALSE;
    if (got == 0)
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_HOST, "check this host's load",
                    "a sandbox was not ready after %d s", SETUP_LIMIT);
    return FALSE;
}

/* ---- starting ---- */

static GSubprocess *helper_new(const struct sandbox_request *request, int report, GError **error)
{
    static const char *const argv[] = {"/proc/self/exe", HELPER_ARGUMENT, NULL};
    int written = sandbox_request_write(request, error);
    if (written < 0)
        return NULL;
    const int descriptors[] = {written, report, request->spec.socket};
    GSubprocess *child =
        spawn_start_with(argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE,
                         descriptors, request->socket ? 3 : 2, error);
    close(written);
    return child;
}

GSubprocess *launch_helper(const struct sandbox_request *request, char **limits, GError **error)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "socketpair: %s", g_strerror(errno));
        return NULL;
    }
    g_autoptr(GSubprocess) child = helper_new(request, ends[1], error);
    close(ends[1]);
    gboolean started = child && await_start(child, request, ends[0], limits, error);
    close(ends[0]);
    if (started)
        return g_steal_pointer(&child);
    if (child) {
        g_subprocess_force_exit(child);
        (void)g_subprocess_wait(child, NULL, NULL);
    }
    return NULL;
}
