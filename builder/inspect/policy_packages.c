/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packages that the recipe names. */
#include "inspect/policy.h"

#include <string.h>

static const inspect_rule package_missing = {
    "package-missing", "Every package of the recipe and every base package is installed",
    INSPECT_ERROR};

static gboolean policy_is_installed(const guest_facts *facts, const char *name)
{
    for (guint i = 0; i < facts->packages->len; i++) {
        const struct guest_package *package = g_ptr_array_index(facts->packages, i);
        if (strcmp(package->name, name) == 0)
            return TRUE;
    }
    return FALSE;
}

/* A package that was removed and left its configuration is not among the installed ones. */
static gboolean policy_packages(guest *g, const struct inspect_spec *asked, GPtrArray *broken,
                                GError **error)
{
    (void)error;
    for (const char *const *name = asked->required_packages; name && *name; name++)
        if (!policy_is_installed(g->facts, *name))
            policy_break(broken, &package_missing, NULL, "the package %s is not installed", *name);
    return TRUE;
}

const inspect_check check_packages = {
    .name = "packages",
    .rules = (const inspect_rule *const[]){&package_missing, NULL},
    .run = policy_packages,
};
