/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/outputs.h"

#include "base/text.h"

static char *unknown_hint(const char *name)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const output_format *const *f = output_formats(); *f; f++)
        g_ptr_array_add(names, (gpointer)(*f)->name);
    g_ptr_array_add(names, NULL);
    const char *near = text_nearest(name, (const char *const *)names->pdata);
    g_autofree char *known = g_strjoinv(", ", (char **)names->pdata);
    return near ? g_strdup_printf("did you mean '%s'?", near)
                : g_strdup_printf("the formats are: %s", known);
}

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
        g_autofree char *hint = unknown_hint(r->outputs[i]);
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
