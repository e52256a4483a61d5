/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* SIGINT, SIGTERM and SIGHUP cancel one GCancellable, from a thread of its own, so that blocking
 * calls (libguestfs, libcurl) are reached too.  A second signal ends the process at once; its
 * children die with it (base/spawn.h). */
typedef struct interrupt interrupt;

interrupt *interrupt_new(GCancellable *cancel); /* the caller owns it */
void interrupt_free(interrupt *i);              /* the signals have their defaults again */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(interrupt, interrupt_free)

/* Writing to a pipe or socket whose other end is closed is an error of the call and not the end of
 * this program, from now on.  Programs that are started get the default again. */
void interrupt_survive_closed_pipes(void);
