/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/inspect.h"

#include "base/error.h"
#include "base/text.h"

/* Rules by their names. */

char **inspect_rules_named(const char *text, GError **error)
{
    g_autoptr(GPtrArray) rules = inspect_rules(), known = g_ptr_array_new();
    g_auto(GStrv) names = g_strsplit(text ? text : "", ",", -1);
    for (guint i = 0; i < rules->len; i++)
        g_ptr_array_add(known, (gpointer)((const inspect_rule *)rules->pdata[i])->name);
    g_ptr_array_add(known, NULL);
    for (char **name = names; *name; name++) {
        const char *const *all = (const char *const *)known->pdata;
        if (g_strv_contains(all, *name))
            continue;
        g_autofree char *hint =
            text_did_you_mean(*name, all, "ingot inspect --list prints their names");
        ingot_set_error(error, INGOT_EXIT_USAGE, hint, "unknown rule '%s'", *name);
        return NULL;
    }
    return g_steal_pointer(&names);
}

void inspect_survey_ignore(inspect_survey *survey, const char *const *names)
{
    for (guint i = survey->findings->len; i-- > 0;) {
        const struct inspect_finding *finding = g_ptr_array_index(survey->findings, i);
        if (g_strv_contains(names, finding->rule->name))
            g_ptr_array_remove_index(survey->findings, i);
    }
}

guint inspect_survey_count(const inspect_survey *survey, enum inspect_level level)
{
    guint n = 0;
    for (guint i = 0; i < survey->findings->len; i++) {
        const struct inspect_finding *finding = g_ptr_array_index(survey->findings, i);
        n += finding->rule->level == level;
    }
    return n;
}
