/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "../folder.h"

#include "stages/stages.h"

/* Builds that have not run: with a plan of a few members and with timings of the test's. */

static inline plan sample_plan(void)
{
    return (plan){.name = (char *)"web",
                  .recipe_path = (char *)"web.yaml",
                  .recipe_digest = (char *)"aa",
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

static inline void add_timing(build *b, const char *name, double seconds, const char *key)
{
    struct build_timing t = {
        .stage = name, .kind = name, .seconds = seconds, .expected = -1, .good = TRUE};
    t.key = g_strdup(key);
    g_array_append_val(b->timings, t);
}

static inline void add_phase(build *b, const char *stage_name, const char *name, double seconds)
{
    struct build_phase *phase = g_new0(struct build_phase, 1);
    phase->stage = stage_name;
    phase->name = g_strdup(name);
    phase->seconds = seconds;
    phase->expected = -1;
    g_ptr_array_add(b->seen, phase);
}

/* A stage that ran. */
struct sample_stage {
    const char *name, *kind, *key, *why; /* kind NULL: the name */
    double begin, seconds, expected;
    gboolean failed, reused;
};

static inline void sample_add(build *b, const struct sample_stage *s)
{
    struct build_timing t = {.stage = s->name,
                             .kind = s->kind ? s->kind : s->name,
                             .begin = s->begin,
                             .seconds = s->seconds,
                             .expected = s->expected,
                             .good = !s->failed,
                             .reused = s->reused,
                             .key = g_strdup(s->key),
                             .why = g_strdup(s->why)};
    g_array_append_val(b->timings, t);
}

static inline void sample_phase(GPtrArray *phases, const char *name, double seconds)
{
    struct install_phase *phase = install_phase_new(name);
    phase->seconds = seconds;
    g_ptr_array_add(phases, phase);
}

/* Takes the record; began: seconds after the begin of the build. */
static inline void sample_machine(build *b, struct install_record *r, double began)
{
    r->began = began - g_array_index(b->timings, struct build_timing, 1).begin;
    g_ptr_array_add(b->machines, r);
}

static inline void sample_free_phase(gpointer phase)
{
    install_phase_free(phase);
}

/* A phase of the disk's installation. */
static inline void sample_installed(build *b, const char *name, double seconds)
{
    if (!b->phases)
        b->phases = g_ptr_array_new_with_free_func(sample_free_phase);
    sample_phase(b->phases, name, seconds);
}
