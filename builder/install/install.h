/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/progress.h"
#include "os/os.h"
#include "seed/seed.h"
#include "vm/vm.h"

/* The wait: runs a machine until its installer has finished or has failed, and says which, why and
 * where it was.  Ends at once on: power-off, QEMU's end, a fatal line, a prompt, a panic, a limit,
 * a cancel. */

/* 0: none. */
struct install_limits {
    guint total;      /* seconds; the whole wait */
    guint inactivity; /* seconds without output, disk or network activity */
};

/* A line of the console that has its end and matches is fatal at once; one that has not (a prompt)
 * when nothing at all has moved in the guest for this many seconds. */
#define INSTALL_PROMPT_SECONDS 5

struct install_phase {
    char *name;
    double seconds;
};
void install_phase_free(struct install_phase *phase);

/* For a medium that boots by itself. */
struct install_boot {
    const char *command;     /* what is typed at its boot loader (screen/bootcmd.h) */
    const seed_server *seed; /* NULL: nothing is waited for */
    const char *answer;      /* the file of it that the installer must ask for … */
    guint answer_limit;      /* … within these seconds of the last key */
};

struct install_spec {
    const struct vm_spec *vm;
    const struct os_phase *phases;
    const struct os_failure *failures; /* on the log channel */
    const struct os_failure *console;  /* on the console */
    struct install_limits limits;
    const struct install_boot *boot; /* NULL: nothing is typed */
    const char *dir;                 /* for sockets: short, private */
    const char *log_dir;             /* console.log, log.log, qemu.log, on failure screen.png */
};

/* TRUE when the guest powered off (or restarted) after its final phase.  phases (may be NULL) gets
 * what was seen, also on failure; the caller owns it (g_ptr_array_unref).  Errors:
 * INGOT_EXIT_INSTALL with a sentence that names phase and cause; cancelled: G_IO_ERROR_CANCELLED.
 */
gboolean install_run(const struct install_spec *spec, progress *p, GCancellable *cancel,
                     GPtrArray **phases, GError **error) G_GNUC_WARN_UNUSED_RESULT;
