/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/error.h"
#include "plan/plan.h"
#include "vm/vm.h"

/* One file per command, its record at the foot; options, help and man page come from the records.
 */

struct common_options {
    gboolean quiet, verbose;
    char *format; /* one of the command's; NULL: "text" */
};

/* Of the commands that make a plan. */
struct plan_options {
    char *mirror, *out, *cache;
};

/* One call of a command. */
struct call {
    char **args; /* what is left after the options; NULL-terminated */
    gpointer
        options; /* the command's own struct; NULL: it has none.  Its texts belong to the call */
    struct common_options common;
    struct plan_options planning;
    const char *isolation;          /* of an option of the command; NULL: none */
    const char *recipe_as;          /* what the recipe is a copy of; NULL: none */
    const char *const *environment; /* that ingot was started with */
    gboolean json;
    progress *progress;
    secrets *hidden;
    GCancellable *cancel;
    enum ingot_exit exit_code; /* set by run to override the code of the error, or of success */
};

typedef struct command {
    const char *name;
    const char *arguments; /* "RECIPE" */
    const char *heading;   /* one line */
    const char *description;
    const char *formats; /* "text|json|sarif"; NULL: "text|json" */
    int least, most;     /* arguments */
    gboolean plans;      /* takes the plan options */
    /* Ends with a NULL name; arg_data holds the offset of the field in the options struct
     * (COMMAND_OPTION), so that the table can be const.  NULL: none. */
    const GOptionEntry *entries;
    gsize options_size;
    gboolean (*run)(struct call *c, GError **error);
} command;

#define COMMAND_OPTION(type, field) GSIZE_TO_POINTER(G_STRUCT_OFFSET(type, field))

const command *const *commands_table(void); /* NULL-terminated */

/* Runs `ingot ARGS…`; returns the exit code of the program.  environment: what it was started with
 * (environment_take). */
int commands_main(int argc, char **argv, const char *const *environment);

/* Prints ingot(1) in man(7) form, from the records. */
void commands_man_page(FILE *out);

/* Recipe file to plan.  probe: the accelerator is found out too (QEMU must be there).  Every
 * problem of the recipe is in the one error.  The caller owns the plan. */
plan *call_plan(struct call *c, const char *recipe_path, gboolean resolve_secrets, gboolean probe,
                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The cache directory of this call; owned by the caller. */
char *call_cache_dir(const struct call *c);

/* The size that the text of an option or variable says; an error that names it otherwise. */
gboolean call_read_cache_size(const char *name, const char *text, guint64 *bytes,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The limit of INGOT_CACHE_SIZE; 0: none. */
gboolean call_cache_limit(const struct call *c, guint64 *bytes,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The option --isolation of commands that make a plan: checks it and notes it for call_plan. */
#define ISOLATION_VALUES "auto|machine|namespace"
#define ISOLATION_HELP   "Where packages are configured (default: what the recipe says)"
gboolean call_isolation(struct call *c, const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The mirror that this call asks for: --mirror, else INGOT_MIRROR, else NULL; borrowed. */
const char *call_mirror_override(const struct call *c);

/* Prints a JSON value on standard output, masked, indented, with a newline; takes the value. */
void call_print_json(const struct call *c, json_t *value);

/* What --format can be, with "|" between. */
const char *command_formats(const command *cmd);

/* The options that every command has (FALSE) or that those have that plan (TRUE). */
const GOptionEntry *commands_common_entries(gboolean planning);

/* What the exit codes mean, for help and man page; ends with a NULL name. */
struct exit_meaning {
    int code;
    const char *name, *text;
};
const struct exit_meaning *exit_meanings(void);
