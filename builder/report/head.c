/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/section.h"
#include "report/sections.h"

#include "base/text.h"

#include <string.h>

/* What one wants to know first: how it ended, and, if badly, why and what to do. */

#define EVIDENCE_MOST 80
#define LINE_MOST     1000

static void put_verdict(GString *out, const json_t *record)
{
    const char *result = member_text(record, "result");
    const json_t *failure = json_object_get(record, "failure");
    g_autofree char *took = text_duration(member_number(record, "seconds"));
    markup(out, "<p class=\"verdict\"><span class=\"mark %s\">", outcome_class(result));
    if (failure)
        markup(out, "%s in %s</span> after %s</p>\n",
               strcmp(result, "interrupted") == 0 ? "Interrupted" : "Failed",
               member_text(failure, "stage"), took);
    else
        markup(out, "Built</span> in %s</p>\n", took);
}

static void put_fact(GString *out, const char *term, const char *value, const char *more)
{
    if (!*value)
        return;
    markup(out, "<div><dt>%s</dt><dd>%s", term, value);
    if (*more)
        markup(out, "<small>%s</small>", more);
    g_string_append(out, "</dd></div>\n");
}

static char *size_or_nothing(double bytes)
{
    return bytes > 0 ? text_size((guint64)bytes) : g_strdup("");
}

static void put_sizes(GString *out, const json_t *record)
{
    const json_t *image = json_object_get(record, "image"), *os = json_object_get(record, "os");
    const json_t *root = json_object_get(os, "root");
    const json_t *disk = json_object_get(json_object_get(record, "plan"), "disk");
    g_autofree char *file = size_or_nothing(member_number(image, "size"));
    g_autofree char *size = size_or_nothing(member_number(disk, "size"));
    g_autofree char *used = size_or_nothing(member_number(root, "used"));
    put_fact(out, "Image", file, member_text(image, "file"));
    put_fact(out, "Disk", size, "as the machine sees it");
    put_fact(out, "Root used", used, member_text(root, "filesystem"));
}

static void put_checks(GString *out, const json_t *record)
{
    const json_t *verify = json_object_get(record, "verify");
    gsize n = member_count(verify, "assertions", 1000), passed = 0, skipped = 0;
    for (gsize i = 0; i < n; i++) {
        const char *outcome = member_text(member_at(verify, "assertions", i), "outcome");
        passed += strcmp(outcome, "passed") == 0;
        skipped += strcmp(outcome, "skipped") == 0;
    }
    if (!n)
        return;
    g_autofree char *text = g_strdup_printf("%" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT, passed, n);
    g_autofree char *more = skipped ? g_strdup_printf("checks passed, %u skipped", (guint)skipped)
                                    : g_strdup("checks passed");
    put_fact(out, "Verified", text, more);
}

static void put_facts(GString *out, const json_t *record)
{
    const json_t *os = json_object_get(record, "os");
    gsize packages = member_count(os, "packages", G_MAXSIZE);
    g_autofree char *count =
        packages ? g_strdup_printf("%" G_GSIZE_FORMAT, packages) : g_strdup("");
    g_string_append(out, "<dl class=\"facts\">\n");
    put_sizes(out, record);
    put_fact(out, "Packages", count, "");
    put_checks(out, record);
    g_string_append(out, "</dl>\n");
}

/* "Debian GNU/Linux 12, x86_64, by bootstrap" */
static void put_what(GString *out, const json_t *record)
{
    const json_t *plan = json_object_get(record, "plan");
    const json_t *system = json_object_get(plan, "system"), *os = json_object_get(record, "os");
    const char *product = member_text(os, "product");
    g_autofree char *planned =
        g_strdup_printf("%s %s", member_text(system, "family"), member_text(system, "release"));
    const char *arch = member_text(json_object_get(plan, "machine"), "architecture");
    const char *installer = member_text(system, "installer");
    markup(out, "<p class=\"what\">%s", *product ? product : g_strstrip(planned));
    if (*arch)
        markup(out, ", %s", arch);
    if (*installer)
        markup(out, ", by the installer %s", installer);
    g_string_append(out, "</p>\n");
}

void section_header(GString *out, const json_t *record)
{
    const char *description = member_text(record, "description");
    g_string_append(out, "<header>\n<p class=\"kind\">ingot · report of a build</p>\n");
    markup(out, "<h1>%s</h1>\n", member_text(record, "name"));
    put_verdict(out, record);
    put_what(out, record);
    if (*description)
        markup(out, "<p class=\"what\">%s</p>\n", description);
    g_string_append(out, "</header>\n");
    if (json_object_get(record, "failure"))
        return;
    put_facts(out, record);
}

/* ---- the failure ---- */

static void put_evidence(GString *out, const json_t *failure)
{
    gsize n = json_array_size(json_object_get(failure, "evidence"));
    gsize shown = MIN(n, EVIDENCE_MOST);
    if (!n)
        return;
    g_string_append(out, "<h3>Evidence</h3>\n<pre tabindex=\"0\" aria-label=\"Evidence\">");
    for (gsize i = 0; i < shown; i++) {
        const char *line = json_string_value(member_at(failure, "evidence", i));
        markup_cut(out, line ? line : "", LINE_MOST);
        g_string_append_c(out, '\n');
    }
    g_string_append(out, "</pre>\n");
    if (shown < n)
        markup(out, "<p class=\"lead\">%u more lines are left out.</p>\n", (guint)(n - shown));
}

void section_failure(GString *out, const json_t *record)
{
    const json_t *failure = json_object_get(record, "failure");
    const char *remedy = member_text(failure, "remedy"), *phase = member_text(failure, "phase");
    const char *bundle = member_text(failure, "bundle");
    if (!failure)
        return;
    markup(out, "<section class=\"failure %s\" aria-labelledby=\"cause\">\n<h2 id=\"cause\">",
           outcome_class(member_text(record, "result")));
    markup(out, "%s</h2>\n<p class=\"cause\">",
           strcmp(member_text(record, "result"), "interrupted") == 0 ? "It was stopped"
                                                                     : "Why it failed");
    markup_cut(out, member_text(failure, "cause"), LINE_MOST);
    g_string_append(out, "</p>\n");
    if (*remedy) {
        g_string_append(out, "<h3>What to do</h3>\n<p>");
        markup_cut(out, remedy, LINE_MOST);
        g_string_append(out, "</p>\n");
    }
    put_evidence(out, failure);
    g_string_append(out, "<dl class=\"pairs\">\n");
    markup(out, "<div><dt>Where</dt><dd>stage %s%s%s</dd></div>\n", member_text(failure, "stage"),
           *phase ? ", phase " : "", phase);
    markup(out, "<div><dt>Exit status</dt><dd>%u</dd></div>\n",
           (guint)MIN(member_number(failure, "exit"), 255));
    if (*bundle)
        markup(out, "<div><dt>Logs, screen, command line</dt><dd><code>%s</code></dd></div>\n",
               bundle);
    g_string_append(out, "</dl>\n");
    section_end(out);
}
