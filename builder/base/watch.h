/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>
#include <sys/types.h>

/* A watchdog over work that blocks the thread that does it.  A thread looks once a second at what
 * moves: CPU time of this process and of the children of the watched thread, bytes that these
 * children read and write, and what the work itself says.  When that stands still for too long, or
 * all lasts too long, or all stands still over a full file system, the work is ended from outside,
 * once. */

struct watch_limits {
    double still; /* seconds without progress; 0: none */
    double total; /* seconds in all; 0: none */
};

/* QEMU stops a machine whose disk cannot be written, so a full file system shows as standing still;
 * for so many seconds, since an idle machine is no fault. */
#define WATCH_FULL_SECONDS 5

enum watch_verdict { WATCH_GOES_ON, WATCH_FULL, WATCH_STILL, WATCH_LATE };

/* ---- the judgement: of samples alone ---- */

struct watch_sample {
    gint64 at;        /* monotonic, microseconds */
    gint64 cpu;       /* microseconds of CPU time, and … */
    gint64 bytes;     /* … bytes moved: of everything that is watched */
    guint64 activity; /* by the work: any change is progress */
    gboolean full;    /* a file system that the work writes to has no room left */
};

struct watch_state {
    struct watch_sample last;
    gint64 began, moved; /* when something did; monotonic */
};

void watch_begin(struct watch_state *state, const struct watch_sample *first);
enum watch_verdict watch_judge(struct watch_state *state, const struct watch_limits *limits,
                               const struct watch_sample *now);

/* ---- the thread ---- */

typedef struct watch watch;

struct watch_spec {
    struct watch_limits limits;
    const char *const *paths;           /* what is written; NULL-terminated, copied; NULL: none */
    guint64 (*activity)(gpointer user); /* a counter of the work's own; NULL: none */
    void (*end)(gpointer user);         /* ends the work; called in the thread, after the verdict */
    gpointer user;
};

/* Watches the calling thread's work until watch_stop.  Owned by the caller. */
watch *watch_start(const struct watch_spec *spec);

/* What it has come to so far; w may be NULL. */
enum watch_verdict watch_verdict(watch *w);

/* The cause as the end of a sentence, "the host.s disk is full: …", "it made no progress for …" or
 * "it was not over after …, its limit"; remedy (may be NULL) gets what to do.  NULL: it goes on.
 * Owned by the caller. */
char *watch_cause(watch *w, char **remedy);

void watch_stop(watch *w); /* NULL: nothing */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(watch, watch_stop)

/* The pids of a thread's children as text, NULL-terminated: proc(5), children.  Owned by the
 * caller. */
char **watch_children(pid_t thread);
