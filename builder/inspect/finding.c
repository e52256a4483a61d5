/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/finding.h"

#include "base/text.h"

#include <string.h>

static void finding_free(gpointer data)
{
    struct inspect_finding *finding = data;
    g_free(finding->path);
    g_free(finding->text);
    g_free(finding);
}

GPtrArray *inspect_findings_new(void)
{
    return g_ptr_array_new_with_free_func(finding_free);
}

static guint count_of(const GPtrArray *broken, const inspect_rule *rule)
{
    guint n = 0;
    for (guint i = 0; i < broken->len; i++)
        n += ((const struct inspect_finding *)g_ptr_array_index(broken, i))->rule == rule;
    return n;
}

static void finding_add(GPtrArray *broken, const inspect_rule *rule, const char *path,
                        const char *text)
{
    struct inspect_finding *finding = g_new0(struct inspect_finding, 1);
    finding->rule = rule;
    finding->path = path ? text_printable(path, -1) : NULL;
    finding->text = text_printable(text, -1);
    g_ptr_array_add(broken, finding);
}

void policy_break(GPtrArray *broken, const inspect_rule *rule, const char *path, const char *format,
                  ...)
{
    guint n = count_of(broken, rule);
    if (n > FINDINGS_OF_RULE)
        return;
    if (n == FINDINGS_OF_RULE) {
        finding_add(broken, rule, NULL, "there are more of these, which are not listed");
        return;
    }
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    finding_add(broken, rule, path, text);
}

gboolean policy_break_paths(guest *g, const char *pattern, const inspect_rule *rule,
                            const char *said, GPtrArray *broken, GError **error)
{
    g_auto(GStrv) paths = guest_glob(g, pattern, error);
    g_auto(GStrv) halves = g_strsplit(said, "%s", 2);
    for (char **path = paths; path && *path; path++)
        policy_break(broken, rule, *path, "%s%s%s", halves[0], *path, halves[1]);

    return paths != NULL;
}

gboolean policy_break_lines(guest *g, const struct guest_line_rule *line, const inspect_rule *rule,
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
