/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* A program on the host's kernel without rights: in user, mount, PID, IPC, UTS, cgroup and network
 * namespaces of its own (there is no network in it), with a root directory of listed mounts, as
 * UID 0 of a range of sub-UIDs, behind a seccomp filter, without new privileges, within limits.
 * Every process in it dies with it, and it dies with ingot. */

enum sandbox_kind {
    SANDBOX_NONE, /* this host has none */
    SANDBOX_USER, /* in a user namespace with sub-UIDs, or for root with a range of its own */
    SANDBOX_ROOT, /* root without a user namespace: weaker, so only on request */
};

/* What this host has, found out by running a program in a sandbox. */
struct sandbox_host {
    enum sandbox_kind kind;
    char *why;          /* what there is, or why there is none, in one sentence */
    char *remedy;       /* what to do about it; NULL: nothing */
    const char *limits; /* what limits memory and processes: "cgroup v2", "cgroup v1", "rlimits" */
};
void sandbox_host_clear(struct sandbox_host *host);

/* Call it from the main thread.  FALSE only when cancelled. */
gboolean sandbox_probe(struct sandbox_host *host, GCancellable *cancel,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct sandbox_mount {
    const char *at;   /* in the sandbox, absolute; NULL ends a list.  Made when it is not there */
    const char *from; /* of the host, with what is mounted below; NULL: a new tmpfs */
    gboolean writable;
};

/* As from: what the sandbox has there itself, for a tree in it that is chrooted into. */
#define SANDBOX_PROC "sandbox:/proc"
#define SANDBOX_DEV  "sandbox:/dev"

struct sandbox_spec {
    enum sandbox_kind kind;  /* of the host: not SANDBOX_NONE */
    const char *const *argv; /* the program: a path in the sandbox */
    const char *const *env;  /* all of its environment, NULL-terminated */
    /* The first is "/".  /proc, /dev (null, zero, full, random, urandom, tty, pts, shm) are there
     * besides. */
    const struct sandbox_mount *mounts;
    int socket;      /* becomes descriptor 3 of the program; -1: none.  Stays the caller's */
    guint64 memory;  /* bytes that all processes may use; 0: no limit */
    guint processes; /* how many there may be; 0: no limit */
};

/* Starts the program and returns at once; the caller owns the object.  Its standard output and
 * error are one pipe (g_subprocess_get_stdout_pipe).  Its exit is the program's;
 * g_subprocess_force_exit ends all processes of the sandbox.  Call it from the main thread. Errors:
 * INGOT_EXIT_HOST with what to do. */
GSubprocess *sandbox_start(const struct sandbox_spec *spec,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes a directory (0755) that belongs to UID 0 of sandboxes, for mounting; its parent is the
 * caller's. */
gboolean sandbox_make_directory(const char *path, enum sandbox_kind kind,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes such a directory with everything in it, whoever owns it; absence is no error. */
gboolean sandbox_remove_directory(const char *path, enum sandbox_kind kind,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
