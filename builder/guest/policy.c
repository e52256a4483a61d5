/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/policy.h"

#include "base/error.h"
#include "base/text.h"
#include "guest/tree.h"

#include <string.h>

static const guest_check *const checks[] = {
    &check_disk,  &check_swap, &check_fstab,   &check_identity, &check_leavings, &check_packages,
    &check_seeds, &check_boot, &check_remains, &check_access,   &check_files,    &check_secrets,
};

/* ---- findings ---- */

static void finding_free(gpointer data)
{
    struct guest_finding *finding = data;
    g_free(finding->path);
    g_free(finding->text);
    g_free(finding);
}

GPtrArray *guest_findings_new(void)
{
    return g_ptr_array_new_with_free_func(finding_free);
}

static guint count_of(const GPtrArray *broken, const guest_rule *rule)
{
    guint n = 0;
    for (guint i = 0; i < broken->len; i++)
        n += ((const struct guest_finding *)g_ptr_array_index(broken, i))->rule == rule;
    return n;
}

static void add(GPtrArray *broken, const guest_rule *rule, const char *path, const char *text)
{
    struct guest_finding *finding = g_new0(struct guest_finding, 1);
    finding->rule = rule;
    finding->path = path ? text_printable(path, -1) : NULL;
    finding->text = text_printable(text, -1);
    g_ptr_array_add(broken, finding);
}

void policy_break(GPtrArray *broken, const guest_rule *rule, const char *path, const char *format,
                  ...)
{
    guint n = count_of(broken, rule);
    if (n > FINDINGS_OF_RULE)
        return;
    if (n == FINDINGS_OF_RULE) {
        add(broken, rule, NULL, "there are more of these, which are not told");
        return;
    }
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    add(broken, rule, path, text);
}

gboolean policy_break_paths(guest *g, const char *pattern, const guest_rule *rule, const char *said,
                            GPtrArray *broken, GError **error)
{
    g_auto(GStrv) paths = guest_glob(g, pattern, error);
    g_auto(GStrv) halves = g_strsplit(said, "%s", 2);
    for (char **path = paths; path && *path; path++)
        policy_break(broken, rule, *path, "%s%s%s", halves[0], *path, halves[1]);

    return paths != NULL;
}

gboolean policy_break_lines(guest *g, const struct guest_line_rule *line, const guest_rule *rule,
                            const char *verb, GPtrArray *broken, GError **error)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    if (!guest_find_line(g, line, paths, error))
        return FALSE;
    for (guint i = 0; i < paths->len; i++) {
        const char *path = g_ptr_array_index(paths, i);
        policy_break(broken, rule, path, "%s %s %s", path, verb, line->what);
    }
    return TRUE;
}

/* ---- the packages that the recipe names ---- */

static const guest_rule package_missing = {
    "package-missing", "Every package of the recipe and every base package is installed",
    GUEST_ERROR};

static gboolean is_installed(const guest_facts *facts, const char *name)
{
    for (guint i = 0; i < facts->packages->len; i++) {
        const struct guest_package *package = g_ptr_array_index(facts->packages, i);
        if (strcmp(package->name, name) == 0)
            return TRUE;
    }
    return FALSE;
}

/* A package that was removed and left its configuration is not among the installed ones. */
static gboolean policy_packages(guest *g, GPtrArray *broken, GError **error)
{
    (void)error;
    for (const char *const *name = g->spec->required_packages; name && *name; name++)
        if (!is_installed(g->facts, *name))
            policy_break(broken, &package_missing, NULL, "the package %s is not installed", *name);
    return TRUE;
}

const guest_check check_packages = {
    .name = "packages",
    .rules = (const guest_rule *const[]){&package_missing, NULL},
    .run = policy_packages,
};

/* ---- all of them ---- */

GPtrArray *guest_rules(void)
{
    GPtrArray *rules = g_ptr_array_new();
    for (gsize i = 0; i < G_N_ELEMENTS(checks); i++)
        for (const guest_rule *const *rule = checks[i]->rules; *rule; rule++)
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
    for (gsize i = 0; i < G_N_ELEMENTS(checks); i++) {
        if (checks[i]->survey_only && !survey)
            continue;
        progress_detail(g->p, "check: %s", checks[i]->name);
        if (!checks[i]->run(g, broken, error))
            return FALSE;
    }
    return TRUE;
}

gboolean guest_check_all(guest *g, GPtrArray *broken, GError **error)
{
    return run_checks(g, TRUE, broken, error);
}

static void fail(guest *g, const char *lines, GError **error)
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
        fail(g, lines->str, error);
    return lines->len == 0;
}
