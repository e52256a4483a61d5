/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/verify.h"

#include "report/report.h"

const char *verify_outcome_name(enum verify_outcome outcome)
{
    static const char *const names[] = {
        [VERIFY_PASSED] = "passed", [VERIFY_FAILED] = "failed", [VERIFY_SKIPPED] = "skipped"};
    return names[outcome];
}

const char *verify_probe_name(enum verify_probe probe)
{
    return probe == VERIFY_PROBE_SMBIOS ? "SMBIOS" : "disk";
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
    return json_pack("{s:f, s:s, s:o, s:O}", "seconds", r->seconds, "probe",
                     verify_probe_name(r->probe), "assertions", list, "clones", r->clones);
}

char *verify_to_junit(const verify_result *r, const char *image)
{
    json_t *o = verify_to_json(r);
    char *xml = report_junit_verify(o, image);
    json_decref(o);
    return xml;
}
