/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packages that the recipe names. */
#include "inspect/policy.h"

static const inspect_rule package_missing = {
    "package-missing", "Every package of the recipe and every base package is installed",
    INSPECT_ERROR};

/* A package that was removed and left its configuration is not among the installed ones. */
static gboolean policy_packages(guest *g, const struct inspect_spec *asked, GPtrArray *broken,
                                GError **error)
{
    (void)error;
    for (const char *const *name = asked->required_packages; name && *name; name++)
        if (!guest_facts_package(g->facts, *name))
            policy_break(broken, &package_missing, NULL, "the package %s is not installed", *name);
    return TRUE;
}

const inspect_check check_packages = {
    .name = "packages",
    .rules = (const inspect_rule *const[]){&package_missing, NULL},
    .run = policy_packages,
};
