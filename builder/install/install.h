/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/progress.h"
#include "os/os.h"
#include "sandbox/sandbox.h"
#include "seed/seed.h"
#include "vm/vm.h"

/* The wait: runs a machine, or a program in a sandbox, until its installer has finished or failed,
 * and reports which, why and where it was.  Ends at once on: power-off, QEMU's or the program's
 * exit, a fatal line, a prompt, a panic, a limit, a cancel. */

/* ---- how it went ---- */

struct install_sample {
    double at; /* seconds since the machine's start */
    struct vm_counters counters;
};

struct install_picture {
    double at; /* seconds since the machine's start */
    char *phase;
    char *file; /* PNG, in log_dir; NULL: the screen is as on the picture before, … */
    char *text; /* … and this is the end of the console; else the text of the screen; or NULL */
};

struct install_failure {
    char *phase;
    double at;           /* seconds since the machine's start */
    char *cause;         /* a sentence */
    char *remedy;        /* a sentence, or NULL */
    GPtrArray *evidence; /* of char *: "console: …", "log: …", oldest first */
};

void install_failure_free(struct install_failure *failure);

/* One machine's run, also when it failed. */
struct install_record {
    char *name;          /* "packages", "system" */
    double began;        /* seconds since the timeline began; set by who runs it */
    GPtrArray *phases;   /* of struct timeline_phase */
    GArray *samples;     /* of struct install_sample: at most INSTALL_SAMPLES */
    GPtrArray *pictures; /* of struct install_picture: one a phase, and the last screen */
    struct install_failure *failure; /* NULL: none */
};
#define INSTALL_SAMPLES 1000u

struct install_record *install_record_new(const char *name); /* owned by the caller */
void install_record_free(struct install_record *record);

/* As a machine of the record of a build (docs/report.md), and with "failure" ("phase", "at",
 * "cause", "remedy", "evidence") when it failed.  Files of pictures are in log_dir.  Owned by the
 * caller. */
json_t *install_record_to_json(const struct install_record *record, const char *log_dir);

/* Adds a sample; if there are too many, every second one is dropped and *step (seconds between
 * two) is doubled. */
void install_record_sample(struct install_record *record, const struct install_sample *sample,
                           double *step);

/* ---- the wait ---- */

/* 0: none. */
struct install_limits {
    guint total;      /* seconds; the whole wait */
    guint inactivity; /* seconds without output, disk or network activity, and a moving screen */
    guint spare;      /* seconds; see INSTALL_SLOWER */
};

/* A complete line of the console that matches is fatal at once; the last lines (a prompt) are
 * fatal if nothing at all has moved in the guest for this many seconds. */
#define INSTALL_PROMPT_SECONDS 5

/* What earlier runs teach about a phase: it may last INSTALL_SLOWER times the slowest of them
 * plus five times limits.spare, and be inactive for INSTALL_QUIETER times the slowest plus
 * limits.spare. */
#define INSTALL_SLOWER  6u
#define INSTALL_QUIETER 2u
#define INSTALL_SPARE   60u /* limits.spare of a build */

/* For a medium that boots by itself. */
struct install_boot_command {
    const char *command;     /* what is typed at its boot loader (screen/bootcmd.h) */
    const seed_server *seed; /* NULL: nothing is waited for */
    const char *answer;      /* the file of it that the installer must ask for … */
    guint answer_limit;      /* … within these seconds of the last key */
};

struct install_spec {
    const struct vm_spec *vm;           /* the machine, or NULL … */
    const struct sandbox_spec *sandbox; /* … and the program that installs without one */
    const secrets *hidden;              /* masked in the program's log; may be NULL */
    const char *name;                   /* of the record */
    const struct os_phase *phases;
    const struct os_failure *failures; /* on the log channel */
    const struct os_failure *console;  /* on the console */
    const struct os_failure *reasons; /* on both: reported if something fails later in that phase */
    struct install_limits limits;
    /* Seconds of the slowest earlier run of a phase, negative when none is known; or NULL. */
    double (*earlier)(const char *phase, gpointer user);
    gpointer earlier_user;
    const struct install_boot_command *boot_command; /* NULL: nothing is typed */
    guint keep;          /* seconds for which a failed machine is kept, paused; 0: not at all */
    const char *dir;     /* for sockets: short, private */
    const char *log_dir; /* console.log, log.log, qemu.log, screens */
};

/* TRUE when the guest powered off (or restarted), or the program ended well, after its final phase.
 *  record (may be NULL) gets
 * how it went, also on failure; the caller owns it.  Errors: INGOT_EXIT_INSTALL with a sentence
 * that names phase and cause; cancelled: G_IO_ERROR_CANCELLED.
 *
 * With keep, a failed machine that is still there is paused, and two lines on the Unix socket
 * dir/control deal with it: "resume" lets it run and be waited for again, "stop" ends it. */
gboolean install_run(const struct install_spec *spec, progress *p, GCancellable *cancel,
                     struct install_record **record, GError **error) G_GNUC_WARN_UNUSED_RESULT;
