/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/record.h"

#include "base/files.h"
#include "report/report.h"
#include "stages/diagnosis.h"
#include "stages/history.h"
#include "stages/manifest.h"
#include "stages/shown.h"

#include <string.h>

#define RECORD_VERSION 1 /* raise when a member changes its meaning or goes away */

static void set_expected(json_t *o, double expected)
{
    if (expected > 0)
        json_object_set_new(o, "expected", json_real(expected));
}

/* ---- the failure ---- */

static enum ingot_exit exit_of(const char *stage_name, const GError *failure)
{
    for (const stage *const *s = stages_table(); *s; s++)
        if (strcmp((*s)->name, stage_name) == 0)
            return ingot_error_exit(failure, (*s)->failure);
    return ingot_error_exit(failure, INGOT_EXIT_FAILURE);
}

static json_t *failure_json(const build *b, const char *stage_name, const GError *failure)
{
    json_t *o = diagnosis_new(b, stage_name, (int)exit_of(stage_name, failure), failure);
    const struct build_phase *last =
        b->seen->len ? g_ptr_array_index(b->seen, b->seen->len - 1) : NULL;
    if (last && strcmp(last->stage, stage_name) == 0 && !json_object_get(o, "phase"))
        json_object_set_new(o, "phase", shown_text(last->name));
    if (b->bundle)
        json_object_set_new(o, "bundle", shown_text(b->bundle));
    return o;
}

/* ---- stages and phases ---- */

static const struct build_timing *timing_of(const build *b, const char *name)
{
    for (guint i = 0; i < b->timings->len; i++) {
        const struct build_timing *t = &g_array_index(b->timings, struct build_timing, i);
        if (strcmp(t->stage, name) == 0)
            return t;
    }
    return NULL;
}

static json_t *run_stage_json(const build *b, const struct build_timing *t)
{
    json_t *o = manifest_stage(t);
    json_object_set_new(o, "outcome",
                        json_string(!t->good    ? "failed"
                                    : t->reused ? "reused"
                                                : "done"));
    set_expected(o, t->expected);
    json_object_set_new(o, "earlier", json_integer(history_count(b->history, t->kind)));
    return o;
}

static json_t *other_stage_json(const build *b, const stage *s, const char *failed_stage)
{
    gboolean wanted = !s->wanted || s->wanted(b);
    gboolean failed = failed_stage && strcmp(failed_stage, s->name) == 0; /* before it began */
    return json_pack("{s:s, s:s, s:s}", "stage", s->name, "outcome",
                     failed   ? "failed"
                     : wanted ? "not reached"
                              : "left out",
                     "why", wanted ? "the build ended before it" : "not asked for");
}

/* Every stage of the table, also those that did not run. */
static json_t *stages_json(const build *b, const char *failed_stage)
{
    json_t *list = json_array();
    for (const stage *const *s = stages_table(); *s; s++) {
        const struct build_timing *t = timing_of(b, (*s)->name);
        json_t *o = t ? run_stage_json(b, t) : other_stage_json(b, *s, failed_stage);
        json_object_set_new(o, "heading", json_string((*s)->heading));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *phases_json(const build *b)
{
    json_t *list = json_array();
    for (guint i = 0; i < b->seen->len; i++) {
        const struct build_phase *p = g_ptr_array_index(b->seen, i);
        json_t *o = json_pack("{s:s, s:o, s:f, s:f}", "stage", p->stage, "phase",
                              shown_text(p->name), "begin", p->begin, "seconds", p->seconds);
        set_expected(o, p->expected);
        json_array_append_new(list, o);
    }
    return list;
}

/* ---- machines ---- */

/* The members of a machine's phases and pictures say when, in seconds since the machine started. */
static json_t *machine_phases(const GPtrArray *phases)
{
    double begin = 0;
    json_t *list = json_array();
    for (guint i = 0; phases && i < phases->len; i++) {
        const struct install_phase *p = g_ptr_array_index(phases, i);
        json_array_append_new(list, json_pack("{s:o, s:f, s:f}", "phase", shown_text(p->name),
                                              "begin", begin, "seconds", p->seconds));
        begin += p->seconds;
    }
    return list;
}

static json_t *samples_json(const GArray *samples)
{
    json_t *list = json_array();
    for (guint i = 0; samples && i < samples->len; i++) {
        const struct install_sample *s = &g_array_index(samples, struct install_sample, i);
        const struct vm_counters *c = &s->counters;
        json_array_append_new(list, json_pack("[f, I, I, I, I]", s->at, (json_int_t)c->disk_read,
                                              (json_int_t)c->disk_written, (json_int_t)c->received,
                                              (json_int_t)c->sent));
    }
    return list;
}

static json_t *pictures_json(const build *b, const GPtrArray *pictures)
{
    json_t *list = json_array();
    for (guint i = 0; pictures && i < pictures->len; i++) {
        const struct install_picture *p = g_ptr_array_index(pictures, i);
        json_t *o = json_pack("{s:f, s:o}", "at", p->at, "phase", shown_text(p->phase));
        g_autofree char *file = p->file ? g_canonicalize_filename(p->file, b->log_dir) : NULL;
        if (file)
            json_object_set_new(o, "file", shown_text(file));
        if (p->text)
            json_object_set_new(o, "text", shown_text(p->text));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *machines_json(const build *b)
{
    const struct build_timing *install = timing_of(b, "install");
    json_t *list = json_array();
    for (guint i = 0; b->machines && i < b->machines->len; i++) {
        const struct install_record *r = g_ptr_array_index(b->machines, i);
        json_array_append_new(
            list, json_pack("{s:o, s:f, s:o, s:o, s:o}", "name", shown_text(r->name), "began",
                            r->began + (install ? install->begin : 0), "phases",
                            machine_phases(r->phases), "samples", samples_json(r->samples),
                            "pictures", pictures_json(b, r->pictures)));
    }
    return list;
}

/* ---- all of it ---- */

static double total_seconds(const build *b)
{
    return (double)(g_get_monotonic_time() - b->began) / G_USEC_PER_SEC;
}

json_t *record_new(const build *b, const char *failed_stage, const GError *failure)
{
    json_t *o = manifest_new(b);
    gboolean stopped = failure && exit_of(failed_stage, failure) == INGOT_EXIT_INTERRUPTED;
    json_object_set_new(o, "record", json_integer(RECORD_VERSION));
    json_object_set_new(o, "result",
                        json_string(!failure  ? "good"
                                    : stopped ? "interrupted"
                                              : "failed"));
    json_object_set_new(o, "seconds", json_real(total_seconds(b)));
    if (failure)
        json_object_set_new(o, "failure", failure_json(b, failed_stage, failure));
    json_object_set_new(o, "stages", stages_json(b, failed_stage));
    json_object_set_new(o, "phases", phases_json(b));
    json_object_set_new(o, "machines", machines_json(b));
    json_t *safe = secrets_redact_json(b->hidden, o);
    json_decref(o);
    return safe;
}

static void record_put(const build *b, const char *path, const char *text)
{
    g_autoptr(GError) error = NULL;
    if (!files_write_atomic(path, text, -1, 0644, &error))
        progress_warning(b->progress, "%s", error->message);
}

void record_write(const build *b, const char *failed_stage, const GError *failure)
{
    if (!b->options.report && !b->options.junit)
        return;
    json_t *record = record_new(b, failed_stage, failure);
    if (b->options.report) {
        g_autofree char *html = report_html(record);
        record_put(b, b->options.report, html);
    }
    if (b->options.junit) {
        g_autofree char *xml = report_junit(record);
        record_put(b, b->options.junit, xml);
    }
    json_decref(record);
}
