/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/files.h"
#include "base/interrupt.h"
#include "base/text.h"
#include "commands/commands.h"

#include <locale.h>
#include <string.h>

#define CACHE_SIZE "INGOT_CACHE_SIZE"

#define RECORD(name) extern const command command_##name;
#include "commands/commands_commands.inc"
#undef RECORD

const command *const *commands_table(void)
{
    static const command *const table[] = {
#define RECORD(name) &command_##name,
#include "commands/commands_commands.inc"
#undef RECORD
        NULL};
    return table;
}

const struct exit_meaning *exit_meanings(void)
{
    static const struct exit_meaning meanings[] = {
        {INGOT_EXIT_OK, "ok", "all done"},
        {INGOT_EXIT_FAILURE, "failure", "an error that ingot did not foresee"},
        {INGOT_EXIT_USAGE, "usage", "unknown command, option or argument"},
        {INGOT_EXIT_RECIPE, "recipe", "the recipe has problems; each is reported with its line"},
        {INGOT_EXIT_HOST, "host", "this host lacks a tool, a right or room; see ingot doctor"},
        {INGOT_EXIT_MEDIA, "media", "the installer could not be fetched or proved"},
        {INGOT_EXIT_INSTALL, "install", "the installation failed, stalled or ran out of time"},
        {INGOT_EXIT_SEAL, "seal",
         "the image could not be sysprepped or, by diff and inspect, read"},
        {INGOT_EXIT_POLICY, "policy", "the image is not clean; each violation is reported"},
        {INGOT_EXIT_OUTPUT, "output", "the image could not be written, checked or moved"},
        {INGOT_EXIT_DIFFERENT, "different", "the two images differ; no error"},
        {INGOT_EXIT_VERIFY, "verify", "clones of the image do not pass; each failure is reported"},
        {INGOT_EXIT_INTERRUPTED, "interrupted", "stopped by SIGINT, SIGTERM or SIGHUP"},
        {0, NULL, NULL},
    };
    return meanings;
}

char *call_cache_dir(const struct call *c)
{
    return c->planning.cache ? g_strdup(c->planning.cache) : files_cache_dir();
}

gboolean call_read_cache_size(const char *name, const char *text, guint64 *bytes, GError **error)
{
    if (text_parse_size(text, bytes) && *bytes > 0)
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_USAGE, "write it as 10GiB, 500M or 1.5G",
                    "%s: '%s' is not a size for the cache", name, text);
    return FALSE;
}

gboolean call_cache_limit(const struct call *c, guint64 *bytes, GError **error)
{
    const char *set = g_environ_getenv((char **)c->environment, CACHE_SIZE);
    *bytes = 0;
    return !set || !*set || call_read_cache_size(CACHE_SIZE, set, bytes, error);
}

void call_print_json(const struct call *c, json_t *value)
{
    g_autofree char *text = secrets_dump_json(c->hidden, value, JSON_INDENT(2));
    puts(text);
    json_decref(value);
}

const char *call_mirror_override(const struct call *c)
{
    const char *set = c->planning.mirror
                          ? c->planning.mirror
                          : g_environ_getenv((char **)c->environment, "INGOT_MIRROR");
    return set && *set ? set : NULL;
}

/* A mirror's password is a secret too: "https://user:PASSWORD@host/". */
static void hide_password(secrets *hidden, const char *url)
{
    g_autofree char *password = NULL;
    if (url && g_uri_split_with_user(url, G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED, NULL,
                                     NULL, &password, NULL, NULL, NULL, NULL, NULL, NULL, NULL))
        secrets_add(hidden, password);
}

static plan *resolve(struct call *c, const recipe *from, const struct vm_accel *accel,
                     recipe_problems *problems, GError **error)
{
    g_autofree char *cache = call_cache_dir(c);
    g_autofree char *data = files_data_dir();
    g_autofree char *apt = media_host_mirror(NULL, FALSE);
    g_autofree char *security = media_host_mirror(NULL, TRUE);
    hide_password(c->hidden, call_mirror_override(c));
    const struct plan_host host = {.mirror_override = call_mirror_override(c),
                                   .apt_mirror = apt,
                                   .apt_security = security,
                                   .cpus = g_get_num_processors(),
                                   .accel = accel,
                                   .cache_dir = cache,
                                   .data_dir = data,
                                   .out_dir = c->planning.out ? c->planning.out : "out"};
    return plan_new(from, &host, c->hidden, problems, error);
}

plan *call_plan(struct call *c, const char *recipe_path, gboolean resolve_secrets, gboolean probe,
                GError **error)
{
    struct vm_accel accel = {0};
    g_autoptr(recipe_problems) problems = recipe_problems_new();
    g_autoptr(recipe) from = recipe_load_as(recipe_path, c->recipe_as ? c->recipe_as : recipe_path,
                                            resolve_secrets, c->hidden, problems, error);
    g_autoptr(plan) p = NULL;
    if (from) {
        g_autofree char *cache = call_cache_dir(c);
        if (probe && recipe_problems_count(problems) == 0 &&
            !vm_accel_probe(from->arch, cache, FALSE, c->cancel, &accel, error))
            return NULL;
        p = resolve(c, from, probe ? &accel : NULL, problems, error);
        vm_accel_clear(&accel);
    }
    if (error && *error)
        return NULL;
    return recipe_problems_report(problems, error) ? g_steal_pointer(&p) : NULL;
}

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

static const GOptionEntry common_entries[] = {
    {"quiet", 'q', 0, G_OPTION_ARG_NONE, COMMAND_OPTION(struct common_options, quiet),
     "Say nothing but warnings and errors", NULL},
    {"verbose", 'v', 0, G_OPTION_ARG_NONE, COMMAND_OPTION(struct common_options, verbose),
     "Say more", NULL},
    {"format", 0, 0, G_OPTION_ARG_STRING, COMMAND_OPTION(struct common_options, format),
     "How to say it: text (default), or else on standard output", "text|json"},
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

static const GOptionEntry plan_entries[] = {
    {"mirror", 0, 0, G_OPTION_ARG_STRING, COMMAND_OPTION(struct plan_options, mirror),
     "Package archive to build from (default: INGOT_MIRROR, the recipe's, the host's own)", "URL"},
    {"out", 'o', 0, G_OPTION_ARG_FILENAME, COMMAND_OPTION(struct plan_options, out),
     "Where finished templates go (default: out)", "DIR"},
    {"cache", 0, 0, G_OPTION_ARG_FILENAME, COMMAND_OPTION(struct plan_options, cache),
     "Where media and kept results are (default: INGOT_CACHE, ~/.cache/ingot)", "DIR"},
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

const GOptionEntry *commands_common_entries(gboolean planning)
{
    return planning ? plan_entries : common_entries;
}

const char *command_formats(const command *cmd)
{
    return cmd->formats ? cmd->formats : "text|json";
}

static gboolean parse(const command *cmd, struct call *c, char ***argv, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(cmd->arguments);
    g_autofree GOptionEntry *own = bind(cmd->entries, c->options);
    g_autofree GOptionEntry *common = bind(common_entries, &c->common);
    g_autofree GOptionEntry *planning = bind(plan_entries, &c->planning);
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
            "\n`ingot COMMAND --help` says more of each; `ingot --version` prints the version.\n");
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
    const char *near = text_nearest(name, (const char *const *)names->pdata);
    g_autofree char *hint = near ? g_strdup_printf("did you mean '%s'?", near)
                                 : g_strdup("`ingot --help` lists the commands");
    ingot_set_error(error, INGOT_EXIT_USAGE, hint, "unknown command '%s'", name);
    return NULL;
}

static int fail(progress *p, const GError *error, enum ingot_exit code)
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

static int run(const command *cmd, struct call *c)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(secrets) hidden = secrets_new();
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    G_GNUC_UNUSED g_autoptr(interrupt) signals = interrupt_new(cancel);
    secrets_read_from(hidden, c->environment);
    c->hidden = hidden;
    c->cancel = cancel;
    g_autoptr(progress) told = make_progress(c);
    c->progress = told;
    if (cmd->run(c, &error))
        return (int)c->exit_code;
    if (!error)
        return c->exit_code ? (int)c->exit_code : INGOT_EXIT_FAILURE;
    return fail(told, error,
                c->exit_code ? c->exit_code : ingot_error_exit(error, INGOT_EXIT_FAILURE));
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
    if (!parse(cmd, &c, &rest, &error)) {
        code = fail(NULL, error, INGOT_EXIT_USAGE);
    } else {
        c.args = rest + (rest[0] ? 1 : 0);
        c.json = g_strcmp0(c.common.format, "json") == 0;
        code = check_call(cmd, &c, &error) ? run(cmd, &c) : fail(NULL, error, INGOT_EXIT_USAGE);
    }
    g_free(c.common.format);
    g_free(c.planning.mirror);
    g_free(c.planning.out);
    g_free(c.planning.cache);
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
        return fail(NULL, error, INGOT_EXIT_USAGE);
    char *ask[] = {argv[0], (char *)"--help", NULL};
    return call_command(cmd, help ? ask : argv + 1, environment);
}
