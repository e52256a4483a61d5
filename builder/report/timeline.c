/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/section.h"
#include "report/sections.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

/* One row for each stage and, below it, each of its phases, on one common axis.  The bar is this
 * run; the thin line under it is what earlier runs took. */

#define STAGES_MOST 50
#define PHASES_MOST 300
#define TICKS_MOST  6
#define LABELS_END  0.86 /* part of the axis */

/* Below this difference, in seconds and as a part, this run took as long as the others. */
#define ALIKE_SECONDS 3.0
/* Stages that end at once are not compared. */
#define SHORT      2.0
#define ALIKE_PART 0.15

/* The length of the axis in seconds: everything that is drawn ends on it. */
static double axis_of(const json_t *record)
{
    double axis = MAX(member_number(record, "seconds"), 1);
    for (gsize i = 0; i < member_count(record, "stages", STAGES_MOST); i++) {
        const json_t *s = member_at(record, "stages", i);
        double longest = MAX(member_number(s, "seconds"), member_number(s, "expected"));
        if (strcmp(member_text(s, "outcome"), "reused") == 0)
            longest = member_number(s, "seconds");
        axis = MAX(axis, member_number(s, "begin") + longest);
    }
    return MIN(axis, 1e8);
}

/* Seconds between two ticks: a round number of which few fit. */
static double step_of(double axis)
{
    static const double steps[] = {1,   2,   5,   10,   15,   20,   30,    60,    120,  180,
                                   300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400};
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++)
        if (axis / steps[i] <= TICKS_MOST)
            return steps[i];
    return axis / TICKS_MOST;
}

/* Short, and all in one form. */
static char *tick_text(double at, double step, double axis)
{
    guint seconds = (guint)(at + 0.5);
    if (!seconds)
        return g_strdup("0");
    if (axis >= 3600)
        return g_strdup_printf("%u:%02u h", seconds / 3600, seconds / 60 % 60);
    if (step >= 60)
        return g_strdup_printf("%u min", seconds / 60);
    return axis < 60 ? g_strdup_printf("%u s", seconds)
                     : g_strdup_printf("%u:%02u", seconds / 60, seconds % 60);
}

/* A label is to the right of its tick, so there may be no space for the last ones. */
static void put_axis(GString *out, double axis, double step)
{
    g_string_append(out, "<div class=\"row axis\" aria-hidden=\"true\"><span></span>"
                         "<span class=\"track\">");
    for (guint n = 0; n * step <= axis * LABELS_END; n++) {
        double at = n * step;
        g_autofree char *label = tick_text(at, step, axis);
        g_string_append(out, "<i style=\"left:");
        put_number(out, 100 * at / axis);
        markup(out, "%%\">%s</i>", label);
    }
    g_string_append(out, "</span><span></span></div>\n");
}

static void put_span(GString *out, const char *class, double begin, double seconds, double axis)
{
    double left = CLAMP(100 * begin / axis, 0, 100);
    double width = CLAMP(100 * seconds / axis, 0, 100 - left);
    markup(out, "<b class=\"%s\" style=\"left:", class);
    put_number(out, left);
    g_string_append(out, "%;width:");
    put_number(out, width);
    g_string_append(out, "%\"></b>");
}

/* "usually 2 min", and by how much this run differs from that, when it does. */
static void put_usual(GString *out, double seconds, double expected)
{
    if (expected <= 0 || MAX(seconds, expected) < SHORT)
        return;
    double more = seconds - expected;
    gboolean alike = fabs(more) < ALIKE_SECONDS || fabs(more) < expected * ALIKE_PART;
    g_autofree char *usual = text_about(expected);
    g_autofree char *difference = text_about(fabs(more));
    if (alike)
        markup(out, "<small>usually %s</small>", usual);
    else
        markup(out, "<small>usually %s, <span class=\"%s\">%s %s</span></small>", usual,
               more > 0 ? "slower" : "quicker", difference, more > 0 ? "more" : "less");
}

/* Outcome: of a stage, or of a phase that did not end well; "": of a phase. */
static void put_row(GString *out, const char *class, const json_t *o, const char *name,
                    const char *outcome, double axis)
{
    gboolean ran = json_is_number(json_object_get(o, "seconds"));
    gboolean reused = strcmp(outcome, "reused") == 0;
    double seconds = member_number(o, "seconds"), begin = member_number(o, "begin");
    double expected = reused ? 0 : member_number(o, "expected");
    markup(out, "<div class=\"row %s %s\"><span class=\"name\">", class,
           *outcome ? outcome_class(outcome) : "plain");
    markup_cut(out, name, 80);
    if (*outcome && strcmp(outcome, "done") != 0 && strcmp(class, "stage") == 0)
        markup(out, " <em>%s</em>", outcome);
    g_string_append(out, "</span><span class=\"track\" aria-hidden=\"true\">");
    if (ran)
        put_span(out, "bar", begin, seconds, axis);
    if (ran && expected > 0)
        put_span(out, "usual", begin, expected, axis);
    g_string_append(out, "</span><span class=\"time\">");
    if (ran) {
        g_autofree char *took = text_duration(seconds);
        markup(out, "<span>%s</span> ", took);
        put_usual(out, seconds, expected);
    } else {
        g_string_append(out, "<span>–</span>");
    }
    g_string_append(out, "</span></div>\n");
}

/* The last phase of a stage that failed is the one in which it did. */
static const char *phase_outcome(const json_t *record, const json_t *stage, gsize at)
{
    const json_t *next = member_at(record, "phases", at + 1);
    gboolean last = strcmp(member_text(next, "stage"), member_text(stage, "stage")) != 0;
    return last && strcmp(member_text(stage, "outcome"), "failed") == 0 ? "failed" : "";
}

static void put_phases(GString *out, const json_t *record, const json_t *stage, double axis)
{
    gboolean any = FALSE;
    for (gsize i = 0; i < member_count(record, "phases", PHASES_MOST); i++) {
        const json_t *p = member_at(record, "phases", i);
        if (strcmp(member_text(p, "stage"), member_text(stage, "stage")) != 0)
            continue;
        if (!any)
            g_string_append(out, "<ul>\n");
        any = TRUE;
        g_string_append(out, "<li>");
        put_row(out, "phase", p, member_text(p, "phase"), phase_outcome(record, stage, i), axis);
        g_string_append(out, "</li>\n");
    }
    if (any)
        g_string_append(out, "</ul>\n");
}

static guint most_earlier(const json_t *record)
{
    double most = 0;
    for (gsize i = 0; i < member_count(record, "stages", STAGES_MOST); i++)
        most = MAX(most, member_number(member_at(record, "stages", i), "earlier"));
    return (guint)MIN(most, 1e6);
}

static void put_lead(GString *out, const json_t *record)
{
    guint earlier = most_earlier(record);
    if (earlier)
        markup(
            out,
            "<p class=\"lead\">The bars are this run; the line under a bar is the median of up to "
            "%u earlier good build%s under the same conditions.</p>\n",
            earlier, earlier == 1 ? "" : "s");
    else
        g_string_append(out,
                        "<p class=\"lead\">No earlier good build of this recipe is known here, "
                        "so there is nothing to compare with yet.</p>\n");
}

/* ---- what was reused, and why the rest ran ---- */

static gboolean same_reason(const json_t *a, const json_t *b)
{
    return strcmp(member_text(a, "outcome"), member_text(b, "outcome")) == 0 &&
           strcmp(member_text(a, "why"), member_text(b, "why")) == 0;
}

/* The stages of one reason share a row; the first of them has it. */
static gboolean has_row(const json_t *record, gsize at)
{
    const json_t *own = member_at(record, "stages", at);
    if (!*member_text(own, "why") || strcmp(member_text(own, "outcome"), "not reached") == 0)
        return FALSE;
    for (gsize i = 0; i < at; i++)
        if (same_reason(member_at(record, "stages", i), own))
            return FALSE;
    return TRUE;
}

static void put_reason(GString *out, const json_t *record, gsize at)
{
    const json_t *own = member_at(record, "stages", at);
    const char *outcome = member_text(own, "outcome");
    markup(out, "<tr><th scope=\"row\">%s", member_text(own, "stage"));
    for (gsize i = at + 1; i < member_count(record, "stages", STAGES_MOST); i++)
        if (same_reason(member_at(record, "stages", i), own))
            markup(out, ", %s", member_text(member_at(record, "stages", i), "stage"));
    markup(out, "</th><td><span class=\"mark %s\">%s</span></td><td>", outcome_class(outcome),
           outcome);
    markup_cut(out, member_text(own, "why"), 500);
    g_string_append(out, "</td></tr>\n");
}

static void put_reasons(GString *out, const json_t *record)
{
    g_string_append(out,
                    "<h3>What ran, and why</h3>\n<table class=\"stack reasons\">\n<thead><tr><th "
                    "scope=\"col\">Stage</th><th scope=\"col\">Outcome</th><th "
                    "scope=\"col\">Why</th></tr></thead>\n<tbody>\n");
    for (gsize i = 0; i < member_count(record, "stages", STAGES_MOST); i++)
        if (has_row(record, i))
            put_reason(out, record, i);
    g_string_append(out, "</tbody>\n</table>\n");
}

void section_timeline(GString *out, const json_t *record)
{
    gsize n = member_count(record, "stages", STAGES_MOST);
    if (!n)
        return;
    double axis = axis_of(record), step = step_of(axis);
    section_begin(out, "timeline", "Timeline");
    put_lead(out, record);
    g_string_append(out, "<div class=\"timeline\" style=\"--step:");
    put_number(out, 100 * step / axis);
    g_string_append(out, "%\">\n");
    put_axis(out, axis, step);
    g_string_append(out, "<ul>\n");
    for (gsize i = 0; i < n; i++) {
        const json_t *s = member_at(record, "stages", i);
        g_string_append(out, "<li>");
        put_row(out, "stage", s, member_text(s, "stage"), member_text(s, "outcome"), axis);
        put_phases(out, record, s, axis);
        g_string_append(out, "</li>\n");
    }
    g_string_append(out, "</ul>\n</div>\n");
    put_reasons(out, record);
    section_end(out);
}
