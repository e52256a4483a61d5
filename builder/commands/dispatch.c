/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the arguments of the program to one call of a command. */
#include "base/interrupt.h"
#include "base/text.h"
#include "commands/commands.h"

#include <locale.h>
#include <string.h>

/* ---- options ---- */

/* The entries of a const table with their offsets made into addresses; owned by the caller. */
static GOptionEntry *bind(const GOptionEntry *entries, gpointer base)
{
    gsize n = 0;
    while (entries && entries[n].long_name)
        n++;
    GOptionEntry *bound = g_new0(GOptionEntry, n + 1);
    for (gsize i = 0; i < n; i++) {
        bound[i] = entries[i];
        bound[i].arg_data = (char *)base + GPOINTER_TO_SIZE(entries[i].arg_data);
    }
    return bound;
}

/* The texts that the options of a const table have left in base, whatever became of the call. */
static void free_option_texts(const GOptionEntry *entries, gpointer base)
{
    for (const GOptionEntry *e = entries; e && e->long_name; e++) {
        gpointer *field = (gpointer *)((char *)base + GPOINTER_TO_SIZE(e->arg_data));
        if (e->arg == G_OPTION_ARG_STRING || e->arg == G_OPTION_ARG_FILENAME)
            g_free(*field);
        else if (e->arg == G_OPTION_ARG_STRING_ARRAY || e->arg == G_OPTION_ARG_FILENAME_ARRAY)
            g_strfreev(*field);
    }
}

static gboolean parse_options(const command *cmd, struct call *c, char ***argv, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(cmd->arguments);
    g_autofree GOptionEntry *own = bind(cmd->entries, c->options);
    g_autofree GOptionEntry *common = bind(commands_common_entries(FALSE), &c->common);
    g_autofree GOptionEntry *planning = bind(commands_common_entries(TRUE), &c->planning);
    g_autoptr(GError) local = NULL;
    for (GOptionEntry *e = common; e->long_name; e++)
        if (e->arg_data == &c->common.format)
            e->arg_description = command_formats(cmd);
    g_option_context_set_summary(context, cmd->heading);
    g_option_context_set_description(context, cmd->description);
    g_option_context_add_main_entries(context, own, NULL);
    if (cmd->plans)
        g_option_context_add_main_entries(context, planning, NULL);
    g_option_context_add_main_entries(context, common, NULL);
    if (g_option_context_parse_strv(context, argv, &local))
        return TRUE;
    g_autofree char *hint = g_strdup_printf("`ingot %s --help` lists the options", cmd->name);
    ingot_set_error(error, INGOT_EXIT_USAGE, hint, "%s", local->message);
    return FALSE;
}

static gboolean check_format(const command *cmd, const char *format, GError **error)
{
    g_auto(GStrv) known = g_strsplit(command_formats(cmd), "|", -1);
    if (!format || g_strv_contains((const char *const *)known, format))
        return TRUE;
    g_autofree char *list = g_strjoinv(" or ", known);
    g_autofree char *hint = g_strdup_printf("--format is %s", list);
    ingot_set_error(error, INGOT_EXIT_USAGE, hint, "unknown format '%s'", format);
    return FALSE;
}

static gboolean check_call(const command *cmd, const struct call *c, GError **error)
{
    int n = (int)g_strv_length(c->args);
    g_autofree char *hint = g_strdup_printf("ingot %s [OPTION…] %s", cmd->name, cmd->arguments);
    if (n < cmd->least || n > cmd->most) {
        ingot_set_error(error, INGOT_EXIT_USAGE, hint, "%s: %s", cmd->name,
                        n < cmd->least ? "an argument is missing" : "too many arguments");
        return FALSE;
    }
    return check_format(cmd, c->common.format, error);
}

/* ---- help ---- */

static void print_help(FILE *out)
{
    fprintf(out, "ingot makes golden images: YAML recipe in, clean qcow2 template out.\n\n"
                 "Usage: ingot COMMAND [OPTION…] [ARGUMENT…]\n\nCommands:\n");
    for (const command *const *t = commands_table(); *t; t++)
        fprintf(out, "  %-10s %s\n", (*t)->name, (*t)->heading);
    fprintf(out,
            "\n`ingot COMMAND --help` describes each; `ingot --version` prints the version.\n");
}

static const command *find_command(const char *name, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const command *const *t = commands_table(); *t; t++) {
        if (strcmp((*t)->name, name) == 0)
            return *t;
        g_ptr_array_add(names, (gpointer)(*t)->name);
    }
    g_ptr_array_add(names, NULL);
    g_autofree char *hint = text_did_you_mean(name, (const char *const *)names->pdata,
                                              "`ingot --help` lists the commands");
    ingot_set_error(error, INGOT_EXIT_USAGE, hint, "unknown command '%s'", name);
    return NULL;
}

static int report_failure(progress *p, const GError *error, enum ingot_exit code)
{
    g_autoptr(progress) plain =
        p ? NULL : progress_new(PROGRESS_TEXT, PROGRESS_NORMAL, stderr, NULL);
    progress_error(p ? p : plain, error, (int)code);
    return (int)code;
}

/* ---- one call ---- */

static progress *make_progress(const struct call *c)
{
    enum progress_level level = c->common.quiet     ? PROGRESS_QUIET
                                : c->common.verbose ? PROGRESS_VERBOSE
                                                    : PROGRESS_NORMAL;
    return c->json ? progress_new(PROGRESS_JSON, level, stdout, c->hidden)
                   : progress_new(PROGRESS_TEXT, level, stderr, c->hidden);
}

static int run_command(const command *cmd, struct call *c)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(secrets) hidden = secrets_new();
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    G_GNUC_UNUSED g_autoptr(interrupt) signals = interrupt_new(cancel);
    secrets_read_from(hidden, c->environment);
    c->hidden = hidden;
    c->cancel = cancel;
    g_autoptr(progress) reporter = make_progress(c);
    c->progress = reporter;
    g_cancellable_push_current(cancel); /* for files_read */
    gboolean good = cmd->run(c, &error);
    g_cancellable_pop_current(cancel);
    if (good)
        return (int)c->exit_code;
    if (!error)
        return c->exit_code ? (int)c->exit_code : INGOT_EXIT_FAILURE;
    return report_failure(
        reporter, error, c->exit_code ? c->exit_code : ingot_error_exit(error, INGOT_EXIT_FAILURE));
}

static int call_command(const command *cmd, char **argv, const char *const *environment)
{
    g_autoptr(GError) error = NULL;
    g_autofree gpointer options = g_malloc0(cmd->options_size + 1);
    struct call c = {.options = options, .environment = environment};
    g_auto(GStrv) rest = g_strdupv(argv);
    g_autofree char *name = g_strdup_printf("ingot %s", cmd->name);
    g_set_prgname(name);
    int code;
    if (!parse_options(cmd, &c, &rest, &error)) {
        code = report_failure(NULL, error, INGOT_EXIT_USAGE);
    } else {
        c.args = rest + (rest[0] ? 1 : 0);
        c.json = g_strcmp0(c.common.format, "json") == 0;
        code = check_call(cmd, &c, &error) ? run_command(cmd, &c)
                                           : report_failure(NULL, error, INGOT_EXIT_USAGE);
    }
    free_option_texts(cmd->entries, options);
    free_option_texts(commands_common_entries(FALSE), &c.common);
    free_option_texts(commands_common_entries(TRUE), &c.planning);
    return code;
}

static gboolean is_one_of(const char *word, const char *a, const char *b, const char *c)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

int commands_main(int argc, char **argv, const char *const *environment)
{
    g_autoptr(GError) error = NULL;
    setlocale(LC_ALL, "");
    if (argc < 2) {
        print_help(stderr);
        return INGOT_EXIT_USAGE;
    }
    if (is_one_of(argv[1], "--help", "-h", "help") && argc == 2) {
        print_help(stdout);
        return INGOT_EXIT_OK;
    }
    if (is_one_of(argv[1], "--version", "-V", "version")) {
        printf("ingot %s\n", INGOT_VERSION);
        return INGOT_EXIT_OK;
    }
    if (strcmp(argv[1], "--man") == 0) {
        commands_man_page(stdout);
        return INGOT_EXIT_OK;
    }
    gboolean help = strcmp(argv[1], "help") == 0;
    const command *cmd = find_command(argv[help ? 2 : 1], &error);
    if (!cmd)
        return report_failure(NULL, error, INGOT_EXIT_USAGE);
    char *ask[] = {argv[0], (char *)"--help", NULL};
    return call_command(cmd, help ? ask : argv + 1, environment);
}
