/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "../test.h"

#include "sandbox/sandbox.h"

#include <string.h>
#include <unistd.h>

/* Runs a script of busybox's sh in a sandbox: a new tmpfs with the program at /busybox, in front of
 * further mounts. */

struct run {
    const char *script;
    const struct sandbox_mount *mounts; /* NULL: none */
    const char *const *env;             /* NULL: none */
    int socket;                         /* 0: none */
    guint64 memory;
    guint processes;
    enum sandbox_kind kind; /* 0: SANDBOX_USER */
};

#define BUSYBOX "/bin/busybox"

static inline GSubprocess *run_start(const struct run *r, GError **error)
{
    static const char *const no_env[] = {NULL};
    struct sandbox_mount mounts[16] = {{"/", NULL, TRUE}, {"/busybox", BUSYBOX, FALSE}};
    gsize n = 2;
    if (r->mounts && strcmp(r->mounts->at, "/") == 0)
        n = 0;
    for (const struct sandbox_mount *m = r->mounts; m && m->at; m++)
        mounts[n++] = *m;
    if (strcmp(mounts[1].at ? mounts[1].at : "", "/busybox") != 0)
        mounts[n++] = (struct sandbox_mount){"/busybox", BUSYBOX, FALSE};
    mounts[n].at = NULL;
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
