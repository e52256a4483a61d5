/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "commands/commands.h"
#include "sysprep/sysprep.h"

/* The parts of `ingot sysprep`. */

struct sysprep_options {
    gboolean list, dry_run, trust_chain;
    char *enable, *disable, *copy, *compact;
    char *root_password, *hostname, *install;
    char **ssh_keys, **scripts, **copies;
};

/* The customisation that options ask for. */
typedef struct customisation customisation;
void customisation_free(customisation *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(customisation, customisation_free)

/* Checks and reads everything that it needs of this host; secrets go to c->hidden.  template_name:
 * what the salt of the password depends on.  Errors: INGOT_EXIT_USAGE.  The caller owns it. */
customisation *customisation_new(struct call *c, const struct sysprep_options *o,
                                 const char *template_name,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* NULL: nothing is asked for; borrowed. */
const struct sysprep_customise *customisation_spec(const customisation *c);
