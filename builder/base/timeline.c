/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/timeline.h"

#include "base/text.h"

#include <string.h>

struct timeline {
    timeline_expect_fn expect;
    gpointer expect_user;
    gint64 began;                 /* monotonic */
    GPtrArray *stages;            /* of struct timeline_stage * */
    GPtrArray *phases;            /* of struct timeline_phase *: of all stages */
    struct timeline_stage *stage; /* the running one; NULL: none */
    struct timeline_phase *phase; /* the same */
    GPtrArray *installed;         /* of struct timeline_phase *; NULL: no disk was installed */
    json_t *machines;
};

static void timeline_free_stage(gpointer data)
{
    struct timeline_stage *stage = data;
    g_free(stage->name);
    g_free(stage->key);
    g_free(stage->why);
    g_free(stage);
}

static void timeline_free_phase(gpointer data)
{
    struct timeline_phase *phase = data;
    g_free(phase->name);
    g_free(phase);
}

timeline *timeline_new(timeline_expect_fn expect, gpointer user)
{
    timeline *t = g_new0(timeline, 1);
    t->expect = expect;
    t->expect_user = user;
    t->began = g_get_monotonic_time();
    t->stages = g_ptr_array_new_with_free_func(timeline_free_stage);
    t->phases = timeline_phases_new();
    t->machines = json_array();
    return t;
}

void timeline_free(timeline *t)
{
    if (!t)
        return;
    g_ptr_array_unref(t->stages);
    g_ptr_array_unref(t->phases);
    g_clear_pointer(&t->installed, g_ptr_array_unref);
    json_decref(t->machines);
    g_free(t);
}

/* ---- writing ---- */

double timeline_now(const timeline *t)
{
    return (double)(g_get_monotonic_time() - t->began) / G_USEC_PER_SEC;
}

static double timeline_expected(const timeline *t, const char *phase)
{
    return t->expect && t->stage ? t->expect(t->stage->kind, phase, t->expect_user) : -1;
}

struct timeline_stage *timeline_begin_stage(timeline *t, const char *name)
{
    struct timeline_stage *stage = g_new0(struct timeline_stage, 1);
    timeline_end_stage(t, FALSE, FALSE);
    stage->name = g_strdup(name);
    stage->kind = stage->name;
    stage->begin = timeline_now(t);
    stage->seconds = -1;
    t->stage = stage;
    stage->expected = timeline_expected(t, NULL);
    g_ptr_array_add(t->stages, stage);
    return stage;
}

void timeline_end_phase(timeline *t)
{
    if (t->phase)
        t->phase->seconds = timeline_now(t) - t->phase->begin;
    t->phase = NULL;
}

void timeline_end_stage(timeline *t, gboolean good, gboolean reused)
{
    timeline_end_phase(t);
    if (t->stage) {
        t->stage->good = good;
        t->stage->reused = reused;
        t->stage->seconds = timeline_now(t) - t->stage->begin;
    }
    t->stage = NULL;
}

struct timeline_phase *timeline_begin_phase(timeline *t, const char *name)
{
    timeline_end_phase(t);
    struct timeline_phase *phase = timeline_phases_add(t->phases, name);
    phase->stage = t->stage;
    phase->begin = timeline_now(t);
    phase->seconds = -1;
    phase->expected = timeline_expected(t, name);
    t->phase = phase;
    return phase;
}

void timeline_set_kind(timeline *t, const char *kind)
{
    if (!t->stage)
        return;
    t->stage->kind = kind;
    t->stage->expected = timeline_expected(t, NULL);
}

void timeline_add_machine(timeline *t, json_t *machine)
{
    json_array_append_new(t->machines, machine);
}

void timeline_set_installed(timeline *t, GPtrArray *phases)
{
    g_clear_pointer(&t->installed, g_ptr_array_unref);
    t->installed = phases;
}

/* ---- reading ---- */

struct timeline_stage *timeline_running_stage(const timeline *t)
{
    return t->stage;
}

struct timeline_phase *timeline_running_phase(const timeline *t)
{
    return t->phase;
}

const char *timeline_last_phase(const timeline *t, const char *stage_name)
{
    const struct timeline_phase *last =
        t->phases->len ? g_ptr_array_index(t->phases, t->phases->len - 1) : NULL;
    return last && last->stage && strcmp(last->stage->name, stage_name) == 0 ? last->name : NULL;
}

guint timeline_machines(const timeline *t)
{
    return (guint)json_array_size(t->machines);
}

const json_t *timeline_last_machine(const timeline *t)
{
    return json_array_get(t->machines, timeline_machines(t) - 1);
}

static void set_expected(json_t *o, double expected)
{
    if (expected > 0)
        json_object_set_new(o, "expected", json_real(expected));
}

static json_t *stage_to_json(const struct timeline_stage *s)
{
    json_t *o = json_pack("{s:s, s:f, s:f, s:b, s:s, s:s, s:s*}", "stage", s->name, "begin",
                          s->begin, "seconds", s->seconds, "reused", s->reused, "outcome",
                          !s->good    ? "failed"
                          : s->reused ? "reused"
                                      : "done",
                          "kind", s->kind, "key", s->key);
    if (s->why)
        json_object_set_new(o, "why", text_json(s->why));
    set_expected(o, s->expected);
    return o;
}

static json_t *phase_to_json(const struct timeline_phase *p)
{
    json_t *o = p->stage ? json_pack("{s:s}", "stage", p->stage->name) : json_object();
    json_object_set_new(o, "phase", text_json(p->name));
    json_object_set_new(o, "begin", json_real(p->begin));
    json_object_set_new(o, "seconds", json_real(p->seconds));
    set_expected(o, p->expected);
    return o;
}

static json_t *stages_to_json(const timeline *t)
{
    json_t *list = json_array();
    for (guint i = 0; i < t->stages->len; i++) {
        const struct timeline_stage *s = g_ptr_array_index(t->stages, i);
        if (s->seconds >= 0)
            json_array_append_new(list, stage_to_json(s));
    }
    return list;
}

json_t *timeline_phases_to_json(const GPtrArray *phases)
{
    json_t *list = json_array();
    for (guint i = 0; phases && i < phases->len; i++) {
        const struct timeline_phase *p = g_ptr_array_index(phases, i);
        if (p->seconds >= 0)
            json_array_append_new(list, phase_to_json(p));
    }
    return list;
}

json_t *timeline_to_json(const timeline *t)
{
    return json_pack("{s:o, s:o, s:o, s:O}", "stages", stages_to_json(t), "phases",
                     timeline_phases_to_json(t->phases), "installed",
                     timeline_phases_to_json(t->installed), "machines", t->machines);
}

json_t *timeline_take(const json_t *list, const char *const *members)
{
    size_t i;
    json_t *from, *taken = json_array();
    json_array_foreach(list, i, from)
    {
        json_t *o = json_object();
        for (const char *const *m = members; *m; m++)
            if (json_object_get(from, *m))
                json_object_set(o, *m, json_object_get(from, *m));
        json_array_append_new(taken, o);
    }
    return taken;
}

/* ---- phases on their own ---- */

GPtrArray *timeline_phases_new(void)
{
    return g_ptr_array_new_with_free_func(timeline_free_phase);
}

struct timeline_phase *timeline_phases_add(GPtrArray *phases, const char *name)
{
    const struct timeline_phase *last =
        phases->len ? g_ptr_array_index(phases, phases->len - 1) : NULL;
    struct timeline_phase *phase = g_new0(struct timeline_phase, 1);
    phase->name = g_strdup(name);
    phase->begin = last ? last->begin + last->seconds : 0;
    phase->expected = -1;
    g_ptr_array_add(phases, phase);
    return phase;
}

void timeline_phases_extend(GPtrArray *to, const GPtrArray *from)
{
    for (guint i = 0; i < from->len; i++) {
        const struct timeline_phase *phase = g_ptr_array_index(from, i);
        timeline_phases_add(to, phase->name)->seconds = phase->seconds;
    }
}
