/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/outputs.h"

#include "plan/names.h"

/* The item, unless earlier ones were refused and so are missing from the list. */
static char *output_key(const recipe *r, guint i)
{
    g_autofree char *beyond = g_strdup_printf("outputs[%u]", g_strv_length(r->outputs));
    return recipe_has(r, beyond) ? g_strdup("outputs") : g_strdup_printf("outputs[%u]", i);
}

void outputs_check(const recipe *r, recipe_problems *problems)
{
    for (guint i = 0; r->outputs[i]; i++) {
        if (output_format_find(r->outputs[i]))
            continue;
        g_autofree char *hint = names_hint("the formats are: ", names_outputs(), r->outputs[i]);
        g_autofree char *key = output_key(r, i);
        recipe_problem(problems, r, key, hint, "unknown output format '%s'", r->outputs[i]);
    }
}

void outputs_resolve(plan *p, const recipe *r)
{
    GPtrArray *formats = g_ptr_array_new();
    for (char **name = r->outputs; *name; name++)
        g_ptr_array_add(formats, (gpointer)output_format_find(*name));
    g_ptr_array_add(formats, NULL);
    g_ptr_array_add(p->pools, formats);
    p->outputs = (const output_format *const *)formats->pdata;
}
