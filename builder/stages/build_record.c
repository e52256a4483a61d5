/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/build_record.h"

#include "base/files.h"
#include "base/text.h"
#include "report/report.h"
#include "stages/diagnosis.h"
#include "stages/history.h"
#include "stages/manifest.h"

#include <string.h>

#define RECORD_VERSION 1 /* raise it when a member changes its meaning or is removed */

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
    const char *last = timeline_last_phase(b->timeline, stage_name);
    if (last && !json_object_get(o, "phase"))
        json_object_set_new(o, "phase", text_json(last));
    if (b->bundle)
        json_object_set_new(o, "bundle", text_json(b->bundle));
    return o;
}

/* ---- stages, phases, machines ---- */

/* docs/report.md */
static const char *const stage_members[] = {"stage", "begin",   "seconds",  "reused",
                                            "why",   "outcome", "expected", NULL};
static const char *const phase_members[] = {"stage", "phase", "begin", "seconds", "expected", NULL};
static const char *const machine_members[] = {"name",    "began",    "phases",
                                              "samples", "pictures", NULL};

/* Of one list of the timeline. */
static json_t *taken(const json_t *all, const char *name, const char *const *members)
{
    return timeline_take(json_object_get(all, name), members);
}

/* The stage of that name, which ran; owned by the caller; or NULL. */
static json_t *run_stage_json(const build *b, const json_t *all, const char *name)
{
    size_t i;
    json_t *one, *found = NULL, *list = taken(all, "stages", stage_members);
    json_array_foreach(list, i, one)
    {
        const char *kind = json_string_value(
            json_object_get(json_array_get(json_object_get(all, "stages"), i), "kind"));
        if (strcmp(json_string_value(json_object_get(one, "stage")), name) != 0)
            continue;
        found = json_incref(one);
        json_object_set_new(found, "earlier", json_integer(history_count(b->history, kind)));
        break;
    }
    json_decref(list);
    return found;
}

static json_t *other_stage_json(const build *b, const stage *s, const char *failed_stage)
{
    gboolean wanted = !s->wanted || s->wanted(b);
    gboolean failed = failed_stage && strcmp(failed_stage, s->name) == 0; /* before it began */
    return json_pack("{s:s, s:s, s:s}", "stage", s->name, "outcome",
                     failed   ? "failed"
                     : wanted ? "not reached"
                              : "left out",
                     "why", wanted ? "the build ended before it" : "not requested");
}

/* Every stage of the table, also those that did not run. */
static json_t *stages_json(const build *b, const json_t *all, const char *failed_stage)
{
    json_t *list = json_array();
    for (const stage *const *s = stages_table(); *s; s++) {
        json_t *ran = run_stage_json(b, all, (*s)->name);
        json_t *o = ran ? ran : other_stage_json(b, *s, failed_stage);
        json_object_set_new(o, "heading", json_string((*s)->heading));
        json_array_append_new(list, o);
    }
    return list;
}

/* ---- all of it ---- */

json_t *build_record_new(const build *b, const char *failed_stage, const GError *failure)
{
    json_t *o = manifest_new(b), *all = timeline_to_json(b->timeline);
    gboolean stopped = failure && exit_of(failed_stage, failure) == INGOT_EXIT_INTERRUPTED;
    json_object_set_new(o, "record", json_integer(RECORD_VERSION));
    json_object_set_new(o, "result",
                        json_string(!failure  ? "good"
                                    : stopped ? "interrupted"
                                              : "failed"));
    json_object_set_new(o, "seconds", json_real(timeline_now(b->timeline)));
    if (failure)
        json_object_set_new(o, "failure", failure_json(b, failed_stage, failure));
    json_object_set_new(o, "stages", stages_json(b, all, failed_stage));
    json_object_set_new(o, "phases", taken(all, "phases", phase_members));
    json_object_set_new(o, "machines", taken(all, "machines", machine_members));
    json_decref(all);
    json_t *safe = secrets_redact_json(b->hidden, o);
    json_decref(o);
    return safe;
}

static void build_record_put(const build *b, const char *path, const char *text)
{
    g_autoptr(GError) error = NULL;
    if (!files_write_atomic(path, text, -1, 0644, &error))
        progress_warning(b->progress, "%s", error->message);
}

void build_record_write(const build *b, const char *failed_stage, const GError *failure)
{
    if (!b->options.report && !b->options.junit)
        return;
    json_t *record = build_record_new(b, failed_stage, failure);
    if (b->options.report) {
        g_autofree char *html = report_html(record);
        build_record_put(b, b->options.report, html);
    }
    if (b->options.junit) {
        g_autofree char *xml = report_junit(record);
        build_record_put(b, b->options.junit, xml);
    }
    json_decref(record);
}
