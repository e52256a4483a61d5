/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/verify.h"

const char *verify_outcome_name(enum verify_outcome outcome)
{
    static const char *const names[] = {
        [VERIFY_PASSED] = "passed", [VERIFY_FAILED] = "failed", [VERIFY_SKIPPED] = "skipped"};
    return names[outcome];
}

json_t *verify_to_json(const verify_result *r)
{
    json_t *list = json_array();
    for (guint i = 0; i < r->findings->len; i++) {
        const struct verify_finding *f = g_ptr_array_index(r->findings, i);
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "name", f->name, "heading",
                                              f->heading, "outcome",
                                              verify_outcome_name(f->outcome), "says", f->says));
    }
    return json_pack("{s:f, s:o, s:O}", "seconds", r->seconds, "assertions", list, "clones",
                     r->clones);
}

static void add_case(GString *xml, const char *image, const struct verify_finding *f)
{
    static const char *const children[] = {
        [VERIFY_PASSED] = NULL, [VERIFY_FAILED] = "failure", [VERIFY_SKIPPED] = "skipped"};
    const char *child = children[f->outcome];
    g_autofree char *head =
        g_markup_printf_escaped("  <testcase classname=\"%s\" name=\"%s\"", image, f->name);
    g_string_append(xml, head);
    if (!child) {
        g_string_append(xml, "/>\n");
        return;
    }
    g_autofree char *body =
        g_markup_printf_escaped(">\n    <%s message=\"%s: %s\"/>\n", child, f->heading, f->says);
    g_string_append_printf(xml, "%s  </testcase>\n", body);
}

/* The form that CI servers read; there is no standard but the practice of Ant and Jenkins. */
char *verify_to_junit(const verify_result *r, const char *image)
{
    GString *xml = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    guint skipped = 0;
    for (guint i = 0; i < r->findings->len; i++)
        skipped +=
            ((struct verify_finding *)g_ptr_array_index(r->findings, i))->outcome == VERIFY_SKIPPED;
    g_string_append_printf(xml,
                           "<testsuite name=\"ingot verify\" tests=\"%u\" failures=\"%u\" "
                           "skipped=\"%u\" time=\"%.1f\">\n",
                           r->findings->len, r->failed, skipped, r->seconds);
    for (guint i = 0; i < r->findings->len; i++)
        add_case(xml, image, g_ptr_array_index(r->findings, i));
    g_string_append(xml, "</testsuite>\n");
    return g_string_free(xml, FALSE);
}
