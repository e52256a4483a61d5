/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/commands.h"

#include "stages/stages.h"

#include <string.h>

struct options {
    gboolean script, show_secrets;
    char *file, *into, *as;
};

static const GOptionEntry entries[] = {
    {"script", 0, 0, G_OPTION_ARG_NONE, COMMAND_OPTION(struct options, script),
     "Print the QEMU command line as a shell script instead", NULL},
    {"file", 0, 0, G_OPTION_ARG_STRING, COMMAND_OPTION(struct options, file),
     "Print another file that the installer gets (--file=list: their names)", "PATH"},
    {"into", 0, 0, G_OPTION_ARG_FILENAME, COMMAND_OPTION(struct options, into),
     "Write everything the script needs into a directory; run sh DIR/qemu.sh", "DIR"},
    {"as", 0, 0, G_OPTION_ARG_FILENAME, COMMAND_OPTION(struct options, as),
     "RECIPE is a copy of this file: relative names in it are relative to this", "FILE"},
    {"show-secrets", 0, 0, G_OPTION_ARG_NONE, COMMAND_OPTION(struct options, show_secrets),
     "Do not mask password hashes and other secrets", NULL},
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

static const struct os_file *find_file(const plan *p, const char *path, GError **error)
{
    for (guint i = 0; i < p->files->len; i++) {
        const struct os_file *f = g_ptr_array_index(p->files, i);
        if (!path || strcmp(f->path, path) == 0)
            return f;
    }
    ingot_set_error(error, INGOT_EXIT_USAGE, "--file=list prints their names",
                    "the installer gets no file '%s'", path);
    return NULL;
}

static void print_names(const plan *p)
{
    for (guint i = 0; i < p->files->len; i++)
        puts(((const struct os_file *)g_ptr_array_index(p->files, i))->path);
}

static gboolean print_file(struct call *c, const plan *p, const struct options *o, GError **error)
{
    const struct os_file *f = find_file(p, o->file, error);
    if (!f)
        return FALSE;
    gsize length;
    const char *data = g_bytes_get_data(f->data, &length);
    g_autofree char *text = g_strndup(data, length);
    g_autofree char *shown = secrets_redact(o->show_secrets ? NULL : c->hidden, text);
    if (strcmp(shown, text) != 0)
        progress_info(c->progress, "secrets are masked; --show-secrets prints them");
    fputs(shown, stdout);
    return TRUE;
}

static gboolean render_render(struct call *c, const plan *p, const struct options *o,
                              GError **error)
{
    if (o->into)
        return build_write_by_hand(p, o->into, c->progress, c->cancel, error);
    if (o->file && strcmp(o->file, "list") == 0) {
        print_names(p);
        return TRUE;
    }
    if (!o->script)
        return print_file(c, p, o, error);
    g_autofree char *script = build_script_by_hand(p);
    fputs(script, stdout);
    return TRUE;
}

static gboolean render_command(struct call *c, GError **error)
{
    const struct options *o = c->options;
    c->recipe_as = o->as;
    c->isolation = "machine"; /* which can be run by hand */
    g_autoptr(plan) p = call_plan(c, c->args[0], TRUE, o->script || o->into, error);
    return p && plan_check_firmware(p, FALSE, error) && render_render(c, p, o, error);
}

const command command_render = {
    .name = "render",
    .arguments = "RECIPE",
    .heading = "Print the answer file, or the QEMU command line as a script",
    .description =
        "Prints the answer file as the guest will get it. With --into, writes kernel, initrd, "
        "disk and script into a directory, so that the same installation can be run by hand.",
    .least = 1,
    .most = 1,
    .plans = TRUE,
    .entries = entries,
    .options_size = sizeof(struct options),
    .run = render_command,
};
