/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/names.h"

#include "base/text.h"

static void names_add(GPtrArray *names, const char *name)
{
    if (!g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
        g_ptr_array_add(names, (gpointer)name);
}

static const char **names_end(GPtrArray *names)
{
    g_ptr_array_add(names, NULL);
    return (const char **)g_ptr_array_free(names, FALSE);
}

const char **names_families(void)
{
    GPtrArray *names = g_ptr_array_new();
    for (const os_installer *const *i = os_installers(); *i; i++)
        for (const char *const *family = (*i)->families; *family; family++)
            names_add(names, *family);
    return names_end(names);
}

const char **names_installers(void)
{
    GPtrArray *names = g_ptr_array_new();
    for (const os_installer *const *i = os_installers(); *i; i++)
        names_add(names, (*i)->name);
    return names_end(names);
}

const char **names_outputs(void)
{
    GPtrArray *names = g_ptr_array_new();
    for (const output_format *const *format = output_formats(); *format; format++)
        names_add(names, (*format)->name);
    return names_end(names);
}

char *names_hint(const char *label, const char **all, const char *name)
{
    g_autofree const char **names = all;
    g_autofree char *joined = g_strjoinv(", ", (char **)names);
    g_autofree char *known = g_strconcat(label, joined, NULL);
    return text_did_you_mean(name, names, known);
}

char *plan_recipe_schema(void)
{
    g_autofree const char **families = names_families();
    g_autofree const char **installers = names_installers();
    g_autofree const char **outputs = names_outputs();
    const struct recipe_names known[] = {
        {"family", families}, {"installer", installers}, {"outputs", outputs}, {NULL, NULL}};
    return recipe_schema(known);
}
