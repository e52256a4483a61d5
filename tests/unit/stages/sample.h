/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "../folder.h"

#include "stages/stages.h"

#include <string.h>

/* Builds that have not run: with a plan of a few members and with timings of the test's. */

static inline plan sample_plan(void)
{
    return (plan){.name = (char *)"web",
                  .recipe_path = (char *)"web.yaml",
                  .recipe_digest = (char *)"aa",
                  .outputs = output_formats(),
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
