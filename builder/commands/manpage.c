/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/commands.h"

#include "sysprep/sysprep.h"

#include <string.h>

/* ingot(1) from the records, in the macros of man(7). */

/* Text in which no character means something to troff: '\' and '-' are escaped, and a line that
 * begins with a control character gets a zero-width space before it. */
static void put_text(FILE *out, const char *text)
{
    gboolean line_start = TRUE;
    for (const char *c = text; *c; c++) {
        if (line_start && (*c == '.' || *c == '\''))
            fputs("\\&", out);
        if (*c == '\\')
            fputs("\\e", out);
        else if (*c == '-')
            fputs("\\-", out);
        else
            fputc(*c, out);
        line_start = *c == '\n';
    }
}

static void put_option(FILE *out, const GOptionEntry *e)
{
    fputs(".TP\n\\fB", out);
    if (e->short_name)
        fprintf(out, "\\-%c\\fR, \\fB", e->short_name);
    fputs("\\-\\-", out);
    put_text(out, e->long_name);
    fputs("\\fR", out);
    if (e->arg_description) {
        fputs("=\\fI", out);
        put_text(out, e->arg_description);
        fputs("\\fR", out);
    }
    fputc('\n', out);
    put_text(out, e->description);
    fputc('\n', out);
}

static void put_options(FILE *out, const GOptionEntry *entries)
{
    for (; entries && entries->long_name; entries++)
        put_option(out, entries);
}

static void put_formats(FILE *out, const char *formats)
{
    const GOptionEntry entry = {
        "format", 0, 0, G_OPTION_ARG_STRING, NULL, "How to say it; text is the default", formats};
    put_option(out, &entry);
}

static void put_command(FILE *out, const command *cmd)
{
    fprintf(out, ".SS \"ingot %s [OPTION…] %s\"\n", cmd->name, cmd->arguments);
    put_text(out, cmd->heading);
    fputs(".\n.PP\n", out);
    put_text(out, cmd->description);
    fputc('\n', out);
    put_options(out, cmd->entries);
    if (cmd->formats)
        put_formats(out, cmd->formats);
}

static void put_operation(FILE *out, const sysprep_operation *op)
{
    fputs(".TP\n\\fB", out);
    put_text(out, op->name);
    fputs("\\fR", out);
    fputs(op->off ? " (off)\n" : "\n", out);
    put_text(out, op->heading);
    fputs(".\n", out);
    if (!op->also)
        return;
    g_auto(GStrv) names = g_strsplit(op->also, " ", -1);
    g_autofree char *list = g_strjoinv(", ", names);
    fputs("In virt\\-sysprep: ", out);
    put_text(out, list);
    fputs(".\n", out);
}

static void put_operations(FILE *out)
{
    fputs(".SH OPERATIONS\nIn this order; those that are off are done when \\fBsysprep "
          "\\-\\-enable\\fR names them.\n",
          out);
    for (const sysprep_operation *const *op = sysprep_operations(); *op; op++)
        put_operation(out, *op);
}

static const char environment[] =
    ".SH ENVIRONMENT\n"
    ".TP\nINGOT_MIRROR\nThe package archive to build from; \\-\\-mirror goes before it.\n"
    ".TP\nINGOT_CACHE\nWhere media and kept results are.\n"
    ".TP\nINGOT_CACHE_SIZE\nThe most that media and kept results may take after a build, 10GiB for "
    "example; what was used longest ago goes first. Default: no limit.\n"
    ".TP\nINGOT_DATA\nThe folder that holds kickstart/, firmware/ and recipes/.\n"
    ".TP\nXDG_CONFIG_HOME\nIts qemu/firmware is the last folder of firmware descriptors.\n"
    ".PP\nRecipes read secrets from any variable (${env:NAME}). Programs that ingot starts get "
    "PATH, "
    "HOME, USER, LOGNAME, LANG, LANGUAGE, LC_*, TZ, TMPDIR, XDG_RUNTIME_DIR, XDG_CACHE_HOME, "
    "SOURCE_DATE_EPOCH, APT_CONFIG, LD_LIBRARY_PATH and LD_PRELOAD. Libraries, and what libguestfs "
    "starts, see LIBGUESTFS_*, SUPERMIN_*, the proxies of libcurl, SSL_CERT_FILE and SSL_CERT_DIR "
    "too.\n";

void commands_man_page(FILE *out)
{
    fprintf(out, ".TH INGOT 1 \"\" \"ingot %s\"\n.SH NAME\ningot \\- make golden images\n",
            INGOT_VERSION);
    fputs(".SH SYNOPSIS\n.B ingot\n.I COMMAND\n[OPTION…] [ARGUMENT…]\n.SH DESCRIPTION\n", out);
    fputs(
        "ingot reads a YAML recipe, runs an unattended installation in a headless virtual machine, "
        "syspreps the result, checks that it is clean, and puts the template and its manifest into "
        "out/.\n.SH COMMANDS\n",
        out);
    for (const command *const *t = commands_table(); *t; t++)
        put_command(out, *t);
    fputs(".SH \"OPTIONS OF EVERY COMMAND\"\n", out);
    put_options(out, commands_common_entries(FALSE));
    fputs(".SH \"OPTIONS OF COMMANDS THAT READ A RECIPE\"\n", out);
    put_options(out, commands_common_entries(TRUE));
    put_operations(out);
    fputs(".SH \"EXIT STATUS\"\n", out);
    for (const struct exit_meaning *m = exit_meanings(); m->name; m++)
        fprintf(out, ".TP\n%d (%s)\n%s.\n", m->code, m->name, m->text);
    fputs(environment, out);
}
