/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/policy.h"

#include "base/error.h"

static const guest_check *const checks[] = {
#define RECORD(name) &check_##name,
#include "guest/guest_checks.inc"
#undef RECORD
    NULL,
};

GPtrArray *guest_rules(void)
{
    GPtrArray *rules = g_ptr_array_new();
    for (const guest_check *const *check = checks; *check; check++)
        for (const guest_rule *const *rule = (*check)->rules; *rule; rule++)
            g_ptr_array_add(rules, (gpointer)*rule);
    return rules;
}

const char *guest_level_name(enum guest_level level)
{
    static const char *const names[] = {
        [GUEST_NOTE] = "note", [GUEST_WARNING] = "warning", [GUEST_ERROR] = "error"};
    return names[level];
}

static gboolean run_checks(guest *g, gboolean survey, GPtrArray *broken, GError **error)
{
    for (const guest_check *const *check = checks; *check; check++) {
        if ((*check)->survey_only && !survey)
            continue;
        progress_detail(g->p, "check: %s", (*check)->name);
        if (!(*check)->run(g, broken, error))
            return FALSE;
    }
    return TRUE;
}

gboolean guest_check_all(guest *g, GPtrArray *broken, GError **error)
{
    return run_checks(g, TRUE, broken, error);
}

static void policy_fail(guest *g, const char *lines, GError **error)
{
    ingot_set_error(error, INGOT_EXIT_POLICY, NULL, "%s breaks the policy for templates:%s",
                    guest_image_name(g), lines);
}

gboolean guest_policy(guest *g, GError **error)
{
    g_autoptr(GPtrArray) broken = guest_findings_new();
    g_autoptr(GString) lines = g_string_new(NULL);
    if (!run_checks(g, FALSE, broken, error))
        return FALSE;
    for (guint i = 0; i < broken->len; i++) {
        const struct guest_finding *finding = g_ptr_array_index(broken, i);
        if (finding->rule->level == GUEST_ERROR)
            g_string_append_printf(lines, "\n- %s", finding->text);
    }
    if (lines->len)
        policy_fail(g, lines->str, error);
    return lines->len == 0;
}
