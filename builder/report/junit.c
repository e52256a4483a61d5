/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/markup.h"
#include "report/report.h"

#include <string.h>

#define CASES_MOST    500
#define EVIDENCE_MOST 100
#define TEXT_MOST     2000

struct counts {
    guint tests, failures, skipped;
};

static void junit_count(struct counts *c, const json_t *list, const char *member, gsize most)
{
    for (gsize i = 0; i < MIN(json_array_size(list), most); i++) {
        const char *outcome = member_text(json_array_get(list, i), member);
        c->tests++;
        c->failures += strcmp(outcome, "failed") == 0;
        c->skipped += strcmp(outcome, "passed") != 0 && strcmp(outcome, "done") != 0 &&
                      strcmp(outcome, "failed") != 0;
    }
}

static void put_counts(GString *xml, const struct counts *c, double seconds)
{
    markup(xml, "tests=\"%u\" failures=\"%u\" skipped=\"%u\" time=\"%.1f\"", c->tests, c->failures,
           c->skipped, seconds);
}

/* ---- verify ---- */

static void put_assertion(GString *xml, const char *image, const json_t *a)
{
    const char *outcome = member_text(a, "outcome");
    const char *child = strcmp(outcome, "failed") == 0    ? "failure"
                        : strcmp(outcome, "skipped") == 0 ? "skipped"
                                                          : NULL;
    markup(xml, "  <testcase classname=\"%s\" name=\"%s\"", image, member_text(a, "name"));
    if (!child) {
        g_string_append(xml, "/>\n");
        return;
    }
    markup(xml, ">\n    <%s message=\"%s: ", child, member_text(a, "heading"));
    markup_cut(xml, member_text(a, "says"), TEXT_MOST);
    g_string_append(xml, "\"/>\n  </testcase>\n");
}

static void put_verify(GString *xml, const json_t *verify, const char *image)
{
    struct counts c = {0};
    junit_count(&c, json_object_get(verify, "assertions"), "outcome", CASES_MOST);
    g_string_append(xml, "<testsuite name=\"ingot verify\" ");
    put_counts(xml, &c, member_number(verify, "seconds"));
    g_string_append(xml, ">\n");
    for (gsize i = 0; i < c.tests; i++)
        put_assertion(xml, image, member_at(verify, "assertions", i));
    g_string_append(xml, "</testsuite>\n");
}

static const char declaration[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

char *report_junit_verify(const json_t *verify, const char *image)
{
    GString *xml = g_string_new(declaration);
    put_verify(xml, verify, image);
    return g_string_free(xml, FALSE);
}

/* ---- stages ---- */

static void put_line(GString *xml, const char *label, const char *text)
{
    if (!*text)
        return;
    markup(xml, "%s", label);
    markup_cut(xml, text, TEXT_MOST);
    g_string_append_c(xml, '\n');
}

static void put_failure(GString *xml, const json_t *failure)
{
    g_string_append(xml, "    <failure message=\"");
    markup_cut(xml, member_text(failure, "cause"), TEXT_MOST);
    markup(xml, "\" type=\"exit %u\">", (guint)member_number(failure, "exit"));
    put_line(xml, "", member_text(failure, "cause"));
    put_line(xml, "phase: ", member_text(failure, "phase"));
    put_line(xml, "what to do: ", member_text(failure, "remedy"));
    for (gsize i = 0; i < member_count(failure, "evidence", EVIDENCE_MOST); i++) {
        const char *line = json_string_value(member_at(failure, "evidence", i));
        put_line(xml, "", line ? line : "");
    }
    put_line(xml, "logs and screens: ", member_text(failure, "bundle"));
    g_string_append(xml, "</failure>\n");
}

static void put_stage(GString *xml, const json_t *record, const json_t *stage)
{
    const char *outcome = member_text(stage, "outcome");
    markup(xml, "  <testcase classname=\"%s\" name=\"%s\" time=\"%.1f\"",
           member_text(record, "name"), member_text(stage, "stage"),
           member_number(stage, "seconds"));
    if (strcmp(outcome, "done") == 0) {
        g_string_append(xml, "/>\n");
        return;
    }
    g_string_append(xml, ">\n");
    if (strcmp(outcome, "failed") == 0)
        put_failure(xml, json_object_get(record, "failure"));
    else
        markup(xml, "    <skipped message=\"%s: %s\"/>\n", outcome, member_text(stage, "why"));
    g_string_append(xml, "  </testcase>\n");
}

char *report_junit(const json_t *record)
{
    struct counts stages = {0}, all;
    const json_t *verify = json_object_get(record, "verify");
    const json_t *image = json_object_get(record, "image");
    junit_count(&stages, json_object_get(record, "stages"), "outcome", CASES_MOST);
    all = stages;
    junit_count(&all, json_object_get(verify, "assertions"), "outcome", CASES_MOST);
    GString *xml = g_string_new(declaration);
    markup(xml, "<testsuites name=\"ingot build %s\" ", member_text(record, "name"));
    put_counts(xml, &all, member_number(record, "seconds"));
    g_string_append(xml, ">\n<testsuite name=\"ingot build\" ");
    put_counts(xml, &stages, member_number(record, "seconds"));
    g_string_append(xml, ">\n");
    for (gsize i = 0; i < stages.tests; i++)
        put_stage(xml, record, member_at(record, "stages", i));
    g_string_append(xml, "</testsuite>\n");
    if (verify)
        put_verify(xml, verify, image ? member_text(image, "file") : member_text(record, "name"));
    g_string_append(xml, "</testsuites>\n");
    return g_string_free(xml, FALSE);
}
