/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What help and man page are printed from. */
#include "commands/commands.h"

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

static const GOptionEntry common_entries[] = {
    {"quiet", 'q', 0, G_OPTION_ARG_NONE, COMMAND_OPTION(struct common_options, quiet),
     "Print only warnings and errors", NULL},
    {"verbose", 'v', 0, G_OPTION_ARG_NONE, COMMAND_OPTION(struct common_options, verbose),
     "Print more", NULL},
    {"format", 0, 0, G_OPTION_ARG_STRING, COMMAND_OPTION(struct common_options, format),
     "Output format: text (default), or another on standard output", "text|json"},
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
