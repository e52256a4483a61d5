/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/commands.h"

struct options {
    char *isolation;
};

static const GOptionEntry entries[] = {{"isolation", 0, 0, G_OPTION_ARG_STRING,
                                        COMMAND_OPTION(struct options, isolation), ISOLATION_HELP,
                                        ISOLATION_VALUES},
                                       {NULL, 0, 0, 0, NULL, NULL, NULL}};

static gboolean plan_command(struct call *c, GError **error)
{
    const struct options *o = c->options;
    if (!call_isolation(c, o->isolation, error))
        return FALSE;
    g_autoptr(plan) p = call_plan(c, c->args[0], FALSE, TRUE, error);
    if (!p)
        return FALSE;
    if (c->json) {
        call_print_json(c, plan_to_json(p));
    } else {
        g_autofree char *text = plan_to_text(p);
        fputs(text, stdout);
    }
    return TRUE;
}

const command command_plan = {
    .name = "plan",
    .arguments = "RECIPE",
    .heading = "Print what a build would do, fully resolved",
    .description =
        "Every default is filled in and every fact about this host is stated: the mirror, the "
        "accelerator and where the installer runs, and why. No secret is printed.",
    .least = 1,
    .most = 1,
    .plans = TRUE,
    .entries = entries,
    .options_size = sizeof(struct options),
    .run = plan_command,
};
