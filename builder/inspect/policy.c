/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/policy.h"

#include "base/error.h"

static const inspect_check *const checks[] = {
#define RECORD(name) &check_##name,
#include "inspect/inspect_checks.inc"
#undef RECORD
    NULL,
};

GPtrArray *inspect_rules(void)
{
    GPtrArray *rules = g_ptr_array_new();
    for (const inspect_check *const *check = checks; *check; check++)
        for (const inspect_rule *const *rule = (*check)->rules; *rule; rule++)
            g_ptr_array_add(rules, (gpointer)*rule);
    return rules;
}

const char *inspect_level_name(enum inspect_level level)
{
    static const char *const names[] = {
        [INSPECT_NOTE] = "note", [INSPECT_WARNING] = "warning", [INSPECT_ERROR] = "error"};
    return names[level];
}

static gboolean run_checks(guest *g, const struct inspect_spec *asked, gboolean survey,
                           GPtrArray *broken, GError **error)
{
    for (const inspect_check *const *check = checks; *check; check++) {
        if ((*check)->survey_only && !survey)
            continue;
        progress_detail(g->p, "check: %s", (*check)->name);
        if (!(*check)->run(g, asked, broken, error))
            return FALSE;
    }
    return TRUE;
}

gboolean inspect_check_all(guest *g, GPtrArray *broken, GError **error)
{
    static const struct inspect_spec nothing;
    return run_checks(g, &nothing, TRUE, broken, error);
}

static void policy_fail(guest *g, const char *lines, GError **error)
{
    ingot_set_error(error, INGOT_EXIT_POLICY, NULL, "%s breaks the policy for templates:%s",
                    g->name, lines);
}

gboolean inspect_policy(guest *g, const struct inspect_spec *asked, GError **error)
{
    g_autoptr(GPtrArray) broken = inspect_findings_new();
    g_autoptr(GString) lines = g_string_new(NULL);
    if (!run_checks(g, asked, FALSE, broken, error))
        return FALSE;
    for (guint i = 0; i < broken->len; i++) {
        const struct inspect_finding *finding = g_ptr_array_index(broken, i);
        if (finding->rule->level == INSPECT_ERROR)
            g_string_append_printf(lines, "\n- %s", finding->text);
    }
    if (lines->len)
        policy_fail(g, lines->str, error);
    return lines->len == 0;
}
