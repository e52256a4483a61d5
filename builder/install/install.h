/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/progress.h"
#include "os/os.h"
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

/* What a machine had done at a moment; the numbers only grow. */
struct install_sample {
    double at;                       /* seconds since the machine started */
    guint64 disk_read, disk_written; /* bytes */
    guint64 received, sent;          /* packets */
};

struct install_picture {
    double at; /* seconds since the machine started */
    char *phase;
    char *file; /* PNG */
    char *text; /* of the screen; NULL: not readable */
};
void install_picture_free(struct install_picture *picture);

/* The story of one machine. */
struct install_record {
    char *name;          /* "packages", "system" */
    double began;        /* seconds after the stage's begin */
    GPtrArray *phases;   /* of struct install_phase */
    GArray *samples;     /* of struct install_sample */
    GPtrArray *pictures; /* of struct install_picture */
};
void install_record_free(struct install_record *record); /* and what it holds */

struct install_spec {
    const struct vm_spec *vm;
    const struct os_phase *phases;
    const struct os_failure *failures; /* on the log channel */
    const struct os_failure *console;  /* on the console */
    struct install_limits limits;
    const char *dir;     /* for sockets: short, private */
    const char *log_dir; /* console.log, log.log, qemu.log, on failure screen.png */
};

/* TRUE when the guest powered off (or restarted) after its final phase.  phases (may be NULL) gets
 * what was seen, also on failure; the caller owns it (g_ptr_array_unref).  Errors:
 * INGOT_EXIT_INSTALL with a sentence that names phase and cause; cancelled: G_IO_ERROR_CANCELLED.
 */
gboolean install_run(const struct install_spec *spec, progress *p, GCancellable *cancel,
                     GPtrArray **phases, GError **error) G_GNUC_WARN_UNUSED_RESULT;
