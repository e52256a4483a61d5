/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "vm/arch.h"

#include <gio/gio.h>

/* The accelerator probe: runs the code of probe.S as the only firmware of a small machine.  Private
 * to the room. */

struct vm_probe {
    gboolean good;
    char *cause; /* when not good: what happened, to go after "with -cpu X"; owned */
};
void vm_probe_clear(struct vm_probe *probe);

/* Runs it with these -accel and -cpu values, for at most limit_ms milliseconds, in two virtual
 * processors.  dir: where a temporary directory can be made.  Fails only when the probe cannot be
 * made or is cancelled; that the guest does not run is an answer. */
gboolean vm_probe_run(const struct vm_arch *arch, const char *accel, const char *cpu,
                      const char *dir, guint limit_ms, GCancellable *cancel, struct vm_probe *probe,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
