/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "sandbox/fault.h"

/* What a fault of the helper means on this host, and what to do about it. */

struct host_facts {
    gint64 max_user_namespaces; /* sysctl user.max_user_namespaces; -1: not known */
    gint64 unprivileged_clone;  /* sysctl kernel.unprivileged_userns_clone (Debian's kernels) */
    gint64
        apparmor_restriction; /* sysctl kernel.apparmor_restrict_unprivileged_userns (Ubuntu's) */
    gboolean root;            /* UID 0 */
    gboolean proc_masked;     /* something is mounted below /proc, as in a container */
    gboolean filtered;        /* ingot itself is behind a seccomp filter, as in a container */
    gboolean newuidmap_has_right; /* its set-user-ID bit or capability is there */
    gboolean no_new_privs;        /* of ingot itself: newuidmap cannot use its right */
};

void host_facts_read(struct host_facts *facts);

/* Sets an error of INGOT_EXIT_HOST. */
void diagnose_fault(const struct sandbox_fault *fault, const struct host_facts *facts,
                    GError **error);
/* The same for newuidmap or newgidmap (program), of which cause is the error. */
void diagnose_map(const char *program, const GError *cause, const struct host_facts *facts,
                  GError **error);
