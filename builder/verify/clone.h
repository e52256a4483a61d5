/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "verify/answer.h"
#include "verify/evidence.h"

#include <gio/gio.h>

/* A running clone and the questions to its probe.  Private to the room. */

#define PROBE_PORT "org.ingot.verify"

struct clone;

/* An overlay of disk, run in a machine of its own.  oem_strings: as in struct vm_spec; borrowed.
 * seen gets the trouble that it has, and must outlive it, as must cancel.  The caller owns the
 * clone. */
struct clone *clone_start(const struct verify_spec *spec, const char *disk, char **oem_strings,
                          struct clone_evidence *seen, GCancellable *cancel,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
void clone_free(struct clone *c);

vm *clone_machine(struct clone *c); /* NULL: it is gone */

/* Waits until the probe has reported this often: once a boot.  FALSE: trouble, which
 * seen->trouble names from now on, or cancelled. */
gboolean clone_wait_probe(struct clone *c, guint boots, guint seconds);

/* Sends a question; its answer is waited for with clone_answer, so that two can work at once. */
void clone_send(struct clone *c, const char *question);

/* The answer, owned by the caller; NULL: trouble or cancelled. */
answer *clone_answer(struct clone *c, guint seconds);

/* When the last answer came: seconds since 1970. */
gint64 clone_answered(const struct clone *c);

/* Both. */
answer *clone_ask(struct clone *c, const char *question, guint seconds);

/* Presses the power button; TRUE if the machine powers off by itself. */
gboolean clone_power_off(struct clone *c, guint seconds);

/* Lets the machines run for this many milliseconds. */
void clone_let_run(struct clone *c, guint milliseconds);
