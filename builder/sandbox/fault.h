/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* How the helper process reports to ingot what failed: one packet on a socket. */

enum sandbox_step {
    STEP_NONE,
    STEP_WANTS_MAP, /* no fault: the helper waits until newuidmap has run */
    STEP_REQUEST,
    STEP_OUTER,      /* the caller's own user namespace */
    STEP_NAMESPACES, /* mount, PID, IPC, UTS, network, cgroup */
    STEP_NETWORK,
    STEP_SOURCE, /* something to be mounted */
    STEP_TARGET, /* where it is mounted */
    STEP_TMPFS,
    STEP_PROC,
    STEP_DEV,
    STEP_ROOT,
    STEP_INNER, /* the user namespace of the program */
    STEP_MAP,
    STEP_IDS,
    STEP_RIGHTS,
    STEP_FILTER,
    STEP_LIMITS,
    STEP_EXEC,
    STEP_OWNER, /* of a directory that is made for sandboxes */
};

struct sandbox_fault {
    gint32 step, error; /* errno */
    char what[248];     /* a path, or "" */
};

/* Sends errno and what (NULL: "") and ends the process with status 127. */
void fault_die(int report, enum sandbox_step step, const char *what) G_GNUC_NORETURN;
