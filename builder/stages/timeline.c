/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/timeline.h"

#include "stages/history.h"

static double seconds_since(gint64 began)
{
    return (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
}

double timeline_now(const build *b)
{
    return seconds_since(b->began);
}

void timeline_end_phase(build *b)
{
    struct build_phase *last = b->seen->len ? g_ptr_array_index(b->seen, b->seen->len - 1) : NULL;
    if (last && last->seconds < 0)
        last->seconds = timeline_now(b) - last->begin;
}

static void begin_phase(build *b, const char *name)
{
    struct build_phase *phase = g_new0(struct build_phase, 1);
    timeline_end_phase(b);
    phase->stage = b->running;
    phase->name = g_strdup(name);
    phase->begin = timeline_now(b);
    phase->seconds = -1;
    phase->expected = history_expected(b->history, b->kind, name);
    g_ptr_array_add(b->seen, phase);
}

double timeline_on_begin(const char *stage_name, const char *phase, gpointer user)
{
    build *b = user;
    (void)stage_name;
    if (!phase)
        return b->expected;
    begin_phase(b, phase);
    return ((struct build_phase *)g_ptr_array_index(b->seen, b->seen->len - 1))->expected;
}

void build_stage_kind(build *b, const char *kind)
{
    b->kind = kind;
    b->expected = history_expected(b->history, kind, NULL);
    progress_expect(b->progress, b->expected);
}

double build_stage_seconds(const build *b)
{
    return seconds_since(b->stage_began);
}
