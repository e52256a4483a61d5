/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/secret.h"
#include "base/timeline.h"

#include <glib.h>
#include <stdio.h>

/* The output of a build while it runs.  One object per process, handed down to everything that
 * reports; NULL is allowed everywhere and means no output.  On a terminal: one status line; else
 * plain lines; or one JSON object per line.  Secrets in every text are masked.  PROGRESS_SILENT
 * prints only the failure of the run (progress_error). */
typedef struct progress progress;

enum progress_format { PROGRESS_TEXT, PROGRESS_JSON };
enum progress_level { PROGRESS_SILENT, PROGRESS_QUIET, PROGRESS_NORMAL, PROGRESS_VERBOSE };

/* stream: stderr for text, stdout for JSON; hidden may be NULL and must live longer.  The caller
 * owns the object. */
progress *progress_new(enum progress_format format, enum progress_level level, FILE *stream,
                       const secrets *hidden);
void progress_free(progress *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(progress, progress_free)

/* A stage of the build ("install") begins and ends; reused: its kept result was taken. */
void progress_stage(progress *p, const char *stage);
void progress_stage_end(progress *p, gboolean good, gboolean reused);

/* A phase inside the stage ("base system"); the phase before it ends. */
void progress_phase(progress *p, const char *phase);

/* The timeline to which stages and phases are written from now on, and which knows what is
 * running; it must live until another is followed.  NULL: one of the progress's own.  Every change
 * that another thread may see goes through p. */
void progress_follow(progress *p, timeline *t);

/* The running stage turns out to be of another kind (timeline_set_kind). */
void progress_stage_kind(progress *p, const char *kind);

/* How much of a thing is done, in bytes; total 0: unknown.  Call as often as you like. */
void progress_amount(progress *p, const char *what, guint64 done, guint64 total);

/* A part done in percent (0..100). */
void progress_percent(progress *p, const char *what, double percent);

/* A line for the person: info is left out by -q, detail is shown by -v only (on a terminal without
 * -v: for a moment, in the live line). */
void progress_info(progress *p, const char *format, ...) G_GNUC_PRINTF(2, 3);
void progress_detail(progress *p, const char *format, ...) G_GNUC_PRINTF(2, 3);
void progress_warning(progress *p, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* A counter of everything reported about running work, whether it was shown or not: phases,
 * lines, new amounts.  It tells whether anything moves; call it from any thread. */
guint progress_moves(const progress *p);

/* The failure of the run, with its remedy and exit code. */
void progress_error(progress *p, const GError *error, int exit_code);
