/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/commands.h"

struct options {
    gboolean schema;
};

static const GOptionEntry entries[] = {{"schema", 0, 0, G_OPTION_ARG_NONE,
                                        COMMAND_OPTION(struct options, schema),
                                        "Print the JSON schema of recipes and end", NULL},
                                       {NULL, 0, 0, 0, NULL, NULL, NULL}};

static gboolean print_schema(void)
{
    g_autofree char *schema = plan_recipe_schema();
    fputs(schema, stdout);
    return TRUE;
}

/* Checks all recipes and reports every problem of each. */
static gboolean check_command(struct call *c, GError **error)
{
    const struct options *o = c->options;
    gboolean good = TRUE;
    if (o->schema)
        return print_schema();
    if (!c->args[0]) {
        ingot_set_error(error, INGOT_EXIT_USAGE, "ingot check RECIPE…", "no recipe is named");
        return FALSE;
    }
    for (char **path = c->args; *path; path++) {
        g_autoptr(GError) problem = NULL;
        g_autoptr(plan) p = call_plan(c, *path, FALSE, FALSE, &problem);
        if (p) {
            progress_info(c->progress, "%s: good", *path);
            continue;
        }
        if (g_cancellable_is_cancelled(c->cancel)) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return FALSE;
        }
        c->exit_code = ingot_error_exit(problem, INGOT_EXIT_FAILURE);
        progress_error(c->progress, problem, (int)c->exit_code);
        good = FALSE;
    }
    return good;
}

const command command_check = {
    .name = "check",
    .arguments = "RECIPE…",
    .heading = "Check recipes and report every problem",
    .description =
        "Nothing is fetched and nothing is run. Secrets that a recipe refers to need not "
        "exist.",
    .least = 0,
    .most = G_MAXINT,
    .plans = TRUE,
    .entries = entries,
    .options_size = sizeof(struct options),
    .run = check_command,
};
