/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>
#include <jansson.h>

/* What happened and when: the stages of a build, their phases, and the records of its machines.
 * Stages and progress write it; progress, history, manifest, build record and diagnosis read it.
 * It is in base/ because progress, which every room receives, writes it; so it knows a machine
 * record only as the JSON that install/ makes.  Not locked: a progress that follows it has the lock
 * (progress_follow). */
typedef struct timeline timeline;

struct timeline_stage {
    char *name;
    const char *kind; /* of what it does, for the history: timeline_set_kind */
    double begin;     /* seconds since the timeline began */
    double seconds;   /* negative: it runs */
    double expected;  /* seconds, from earlier runs; negative: not known */
    gboolean good, reused;
    char *key; /* of its result; NULL: none is kept */
    char *why; /* it ran, or its kept result was taken */
};

/* Of a stage; or of a machine, which counts from its own start and belongs to none. */
struct timeline_phase {
    const struct timeline_stage *stage; /* may be NULL */
    char *name;
    double begin, seconds, expected; /* as those of a stage */
};

/* The expected seconds of that kind of stage, or of a phase of it (NULL: the whole stage);
 * negative: not known.  Called when it begins, in the thread that begins it. */
typedef double (*timeline_expect_fn)(const char *kind, const char *phase, gpointer user);

/* expect NULL: nothing is known.  Begins now; owned by the caller. */
timeline *timeline_new(timeline_expect_fn expect, gpointer user);
void timeline_free(timeline *t); /* NULL: nothing */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(timeline, timeline_free)

/* ---- writing ---- */

/* What they return belongs to the timeline, as everything below. */
struct timeline_stage *timeline_begin_stage(timeline *t, const char *name);
struct timeline_phase *timeline_begin_phase(timeline *t, const char *name);

/* The running stage and its phase, if there are any, have ended; reused: its kept result was
 * taken. */
void timeline_end_stage(timeline *t, gboolean good, gboolean reused);
void timeline_end_phase(timeline *t);

/* The running stage does what takes another time than usual ("install on a kept base"), so its
 * durations are kept apart in the history.  kind lives as long as the program. */
void timeline_set_kind(timeline *t, const char *kind);

/* Takes the document of a machine that ran (install_record_to_json). */
void timeline_add_machine(timeline *t, json_t *machine);

/* Takes the phases (timeline_phases_new) in which the installed disk was made, by this build or by
 * the one that kept it. */
void timeline_set_installed(timeline *t, GPtrArray *phases);

/* ---- reading ---- */

/* Seconds since it began. */
double timeline_now(const timeline *t);

struct timeline_stage *timeline_running_stage(const timeline *t); /* NULL: none */
struct timeline_phase *timeline_running_phase(const timeline *t); /* NULL: none */

/* The name of the phase that the stage came to last, or NULL. */
const char *timeline_last_phase(const timeline *t, const char *stage_name);

guint timeline_machines(const timeline *t);
const json_t *timeline_last_machine(const timeline *t); /* NULL: none ran */

/* Everything that has ended, as {"stages": [{"stage", "begin", "seconds", "reused", "why",
 * "outcome", "kind", "key", "expected"}], "phases": [{"stage", "phase", "begin", "seconds",
 * "expected"}], "installed": [{"phase", "begin", "seconds"}], "machines": [...]}; every other
 * document takes its members from it.  Unknown members are absent.  Owned by the caller. */
json_t *timeline_to_json(const timeline *t);

/* Of every object of a list those members (NULL-terminated) that it has, in this order; owned by
 * the caller. */
json_t *timeline_take(const json_t *list, const char *const *members);

/* ---- phases on their own ---- */

/* A list of struct timeline_phase *, which owns them. */
GPtrArray *timeline_phases_new(void);

/* Adds a phase that begins where the last one ended; its duration is for the caller to set. */
struct timeline_phase *timeline_phases_add(GPtrArray *phases, const char *name);

/* Adds copies. */
void timeline_phases_extend(GPtrArray *to, const GPtrArray *from);

/* A list like "phases" of timeline_to_json; owned by the caller. */
json_t *timeline_phases_to_json(const GPtrArray *phases);
