/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "../test.h"

#include "sandbox/sandbox.h"

#include <string.h>
#include <unistd.h>

/* Runs a script of busybox's sh in a sandbox: a new tmpfs with the program at /busybox, before
 * further mounts. */

#define BUSYBOX "/bin/busybox"
#define MOUNTS  12

struct run {
    const char *script;
    struct sandbox_mount mounts[MOUNTS]; /* after those */
    const char *root;                    /* a directory instead of the tmpfs; NULL: none */
    const char *const *env;              /* NULL: none */
    int socket;                          /* 0: none */
    guint64 memory;
    guint processes;
    enum sandbox_kind kind; /* 0: SANDBOX_USER */
};

static inline GSubprocess *run_start(const struct run *r, GError **error)
{
    static const char *const no_env[] = {NULL};
    struct sandbox_mount mounts[MOUNTS + 2] = {{"/", r->root, TRUE}, {"/busybox", BUSYBOX, FALSE}};
    memcpy(mounts + 2, r->mounts, sizeof r->mounts);
    const char *const argv[] = {"/busybox", "sh", "-c", r->script, NULL};
    const struct sandbox_spec spec = {.kind = r->kind ? r->kind : SANDBOX_USER,
                                      .argv = argv,
                                      .env = r->env ? r->env : no_env,
                                      .mounts = mounts,
                                      .socket = r->socket ? r->socket : -1,
                                      .memory = r->memory,
                                      .processes = r->processes};
    return sandbox_start(&spec, error);
}

/* Until its output ends, and then it; the caller owns the text. */
static inline char *run_output(GSubprocess *child)
{
    GString *all = g_string_new(NULL);
    char chunk[4096];
    gssize n;
    while ((n = g_input_stream_read(g_subprocess_get_stdout_pipe(child), chunk, sizeof chunk, NULL,
                                    NULL)) > 0)
        g_string_append_len(all, chunk, n);
    assert_true(g_subprocess_wait(child, NULL, NULL));
    return g_string_free(all, FALSE);
}

/* What it printed; the caller owns it. */
static inline char *run_whole(const struct run *r)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) child = run_start(r, &error);
    assert_no_error(error);
    return run_output(child);
}

/* -1, with what is to be done: this host has no sandbox, so no test can be made. */
static inline int run_possible(void)
{
    struct sandbox_host host;
    if (!sandbox_probe(&host, NULL, NULL))
        return -1;
    if (host.kind != SANDBOX_USER)
        print_message("no sandbox: %s; %s\n", host.why, host.remedy ? host.remedy : "");
    int possible = host.kind == SANDBOX_USER ? 0 : -1;
    sandbox_host_clear(&host);
    return possible;
}
