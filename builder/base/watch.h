/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>
#include <sys/types.h>

/* A watchdog over work that blocks its thread.  Another thread samples activity once a second:
 * CPU time of this process and of the watched thread's children, bytes that these children read and
 * write, and a counter of the work's own.  If there is no activity for too long, or the work takes
 * too long, or there is no activity and a file system is full, the watchdog ends the work, once. */

struct watch_limits {
    double still; /* seconds without progress; 0: none */
    double total; /* seconds in all; 0: none */
};

/* QEMU stops a machine whose disk cannot be written, so a full file system shows as inactivity;
 * it must last this many seconds, because an idle machine is normal. */
#define WATCH_FULL_SECONDS 5

enum watch_verdict { WATCH_GOES_ON, WATCH_FULL, WATCH_STILL, WATCH_LATE };

/* ---- the judgement: of samples alone ---- */

struct watch_sample {
    gint64 at;        /* monotonic, microseconds */
    gint64 cpu;       /* microseconds of CPU time, and … */
    gint64 bytes;     /* … bytes moved: of everything that is watched */
    guint64 activity; /* by the work: any change is progress */
    gboolean full;    /* a file system that the work writes to has no space left */
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

/* The cause as the end of a sentence, "the host's disk is full: …", "it made no progress for …"
 * or "it exceeded its limit of …"; remedy (may be NULL) gets what to do.  NULL: the work goes on.
 * Owned by the caller. */
char *watch_cause(watch *w, char **remedy);

void watch_stop(watch *w); /* NULL: nothing */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(watch, watch_stop)

/* The pids of a thread's children as text, NULL-terminated: proc(5), children.  Owned by the
 * caller. */
char **watch_children(pid_t thread);
