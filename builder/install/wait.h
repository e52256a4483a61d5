/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/lines.h"
#include "install/install.h"
#include "install/matcher.h"
#include "install/program.h"

/* A running wait; private to the room. */

struct wait {
    const struct install_spec *spec;
    progress *progress;
    GMainLoop *loop;
    vm *machine;      /* NULL: program */
    program *program; /* NULL: machine */
    matcher *matcher;
    lines *log, *console;
    struct install_record *record;
    gint64 began, phase_began;
    gint64 last_active; /* something moved */
    gint64 last_sample;
    double step;            /* seconds between two samples */
    struct vm_counters now; /* as last seen */
    guint64 sent_then;      /* packets sent when something moved last */
    gboolean final;
    GQueue last[2];      /* printable lines of console and log, by enum vm_channel */
    char *resumed_at;    /* what was visible when the machine was resumed; NULL: it never was */
    struct match reason; /* the newest in this phase; cause NULL: none */
    char *reason_line;   /* its line */
    char *ended;         /* why QEMU stopped: SHUTDOWN's reason */
    gboolean over, good, cancelled;
    gboolean gone;           /* QEMU or the program */
    struct display *display; /* NULL: the screen cannot be seen */
    struct loader *loader;   /* NULL: nothing is typed */
};

/* ---- wait_state.c ---- */

double wait_seconds_since(gint64 began);
/* The phase that runs. */
struct timeline_phase *wait_phase(const struct wait *w);
/* Ends the wait; the caller has stored the reason in w. */
void wait_over(struct wait *w);
/* Something moved. */
void wait_moved(struct wait *w);

/* ---- failure.c: causes and evidence of a failure ---- */

/* Ends the wait with a failure, unless it is over already: the first cause counts, what follows is
 * its consequence.  Takes cause; remedy may be NULL. */
void wait_fail(struct wait *w, char *cause, const char *remedy);
/* A line that tells nothing by itself, but why something fails later. */
void wait_reason(struct wait *w, const char *line);
/* Keeps a line for the evidence. */
void wait_remember(struct wait *w, enum vm_channel channel, const char *line);
/* The last lines on the console; owned by the caller. */
char *wait_console_tail(const struct wait *w);
/* The same and the text of the screen. */
char *wait_visible_text(const struct wait *w);
/* The failure as an error for people. */
void wait_set_error(const struct wait *w, GError **error);
void wait_forget(struct wait *w); /* frees what the functions above keep */

/* ---- limits.c: what is looked at again and again ---- */

void wait_check(struct wait *w);

/* ---- pause.c: a failed machine that people look into ---- */

/* Pauses the machine and waits at most spec->keep seconds for a command.  TRUE: the machine was
 * resumed, wait for it again. */
gboolean wait_pause(struct wait *w, GCancellable *cancel);

/* ---- display.c: the screen ---- */

/* vnc: the socket.  Owned by the caller. */
struct display *display_open(const char *vnc, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void display_free(struct display *d);
/* Whether the screen has changed since the last call; a blinking cursor does not count.  d may
 * be NULL, here and below. */
gboolean display_changed(struct display *d);
/* What stood there then; NULL: no text.  Belongs to d. */
const char *display_text(const struct display *d);
/* What is on it now, or NULL; owned by the caller. */
char *display_read(const struct display *d);
/* Writes the screen as PNG; FALSE without an error: there is none, or, unless always, it is the
 * same as on the last picture. */
gboolean display_picture(struct display *d, const char *path, gboolean always, GError **error);

/* ---- pictures.c: the pictures of the record ---- */

/* At the beginning of a phase, if the screen or the console shows something new. */
void wait_take_picture(struct wait *w);
/* The last one, of a failed machine: screen.png. */
void wait_last_picture(struct wait *w);
