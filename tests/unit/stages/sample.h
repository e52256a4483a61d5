/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "../folder.h"

#include "stages/stages.h"

#include <string.h>

/* Builds that have not run: with a plan of a few members and with timelines of the test's. */

static inline plan sample_plan(void)
{
    static const char *const none[] = {NULL};
    return (plan){.name = (char *)"web",
                  .recipe_path = (char *)"web.yaml",
                  .recipe_digest = (char *)"aa",
                  .outputs = output_formats(),
                  .required_packages = none,
                  .vm = {.arch = (char *)"x86_64", .cpus = 2},
                  .cache_dir = folder,
                  .data_dir = folder,
                  .out_dir = folder};
}

static inline build *sample_build(const plan *p, const secrets *hidden)
{
    const struct build_options options = {.max_age = 1000};
    g_autoptr(GError) error = NULL;
    build *b = build_new(p, &options, NULL, hidden, NULL, &error);
    assert_no_error(error);
    return b;
}

static inline const stage *sample_stage(const char *name)
{
    const stage *const *s = stages_table();
    while (strcmp((*s)->name, name) != 0)
        s++;
    return *s;
}

/* A stage that ran. */
struct sample_run {
    const char *name, *kind, *key, *why; /* kind NULL: the name */
    double begin, seconds, expected;
    gboolean failed, reused;
};

static inline struct timeline_stage *sample_add(build *b, const struct sample_run *s)
{
    struct timeline_stage *ran = timeline_begin_stage(b->timeline, s->name);
    if (s->kind)
        timeline_set_kind(b->timeline, s->kind);
    timeline_end_stage(b->timeline, !s->failed, s->reused);
    ran->begin = s->begin;
    ran->seconds = s->seconds;
    ran->expected = s->expected;
    ran->key = g_strdup(s->key);
    ran->why = g_strdup(s->why);
    return ran;
}

static inline struct timeline_stage *add_timing(build *b, const char *name, double seconds,
                                                const char *key)
{
    const struct sample_run s = {.name = name, .key = key, .seconds = seconds, .expected = -1};
    return sample_add(b, &s);
}

/* A phase of the stage that was added last. */
static inline void add_phase(build *b, struct timeline_stage *ran, const char *name, double seconds)
{
    struct timeline_phase *phase = timeline_begin_phase(b->timeline, name);
    timeline_end_phase(b->timeline);
    phase->stage = ran;
    phase->begin = 0;
    phase->seconds = seconds;
}

/* Takes the record; began: seconds after the begin of the build. */
static inline void sample_machine(build *b, struct install_record *r, double began)
{
    r->began = began;
    timeline_add_machine(b->timeline, install_record_to_json(r, b->log_dir));
    install_record_free(r);
}
