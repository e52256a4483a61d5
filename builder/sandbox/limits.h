/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "sandbox/sandbox.h"

#include <sys/types.h>

/* What limits a sandbox's memory and processes: control groups that this process may make, else
 * resource limits.  Those count memory for each process and processes for each UID, so they are
 * weaker. */
struct limits {
    const char *name; /* "cgroup v2", "cgroup v1", "rlimits" */
    char *groups[2];  /* directories; NULL: none */
};

/* Makes the groups. */
void limits_make(const struct sandbox_spec *spec, struct limits *limits);
/* Puts a process into them.  Where that is not allowed, what remains is "rlimits". */
void limits_enter(struct limits *limits, pid_t pid);
/* When no process is left in them. */
void limits_remove(struct limits *limits);

/* For this process and its children; FALSE with errno set. */
gboolean limits_set_rlimits(const struct sandbox_spec *spec) G_GNUC_WARN_UNUSED_RESULT;

/* ---- pure, for limits_make and its test ---- */

/* The directory of a process's control group: of the controller (version 1), or of the unified
 * hierarchy (NULL), by the texts of /proc/PID/cgroup and /proc/PID/mountinfo.  NULL: not mounted.
 */
char *limits_directory(const char *cgroup, const char *mountinfo, const char *controller);
