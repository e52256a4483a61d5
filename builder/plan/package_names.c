/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/package_names.h"

static void package_names_check_one(const recipe *r, const struct os_packaging *packaging,
                                    const char *key, const char *name, recipe_problems *problems)
{
    if (!name || packaging->is_package(name))
        return;
    g_autofree char *hint = packaging->package_advice(name);
    recipe_problem_value(problems, r, key, name, packaging->package_what, hint);
}

void package_names_check(const recipe *r, const struct os_packaging *packaging,
                         recipe_problems *problems)
{
    for (guint i = 0; r->packages && r->packages[i]; i++)
        package_names_check_one(r, packaging, recipe_item_key(r, "packages", i), r->packages[i],
                                problems);
    package_names_check_one(r, packaging, "kernel.package", r->kernel_package, problems);
    package_names_check_one(r, packaging, "media.apt.package", r->media.apt_package, problems);
}
