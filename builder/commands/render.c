/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/commands.h"

#include "base/files.h"
#include "stages/stages.h"

#include <glib/gstdio.h>
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
     "Write everything that the script needs into a directory: run it as sh DIR/qemu.sh", "DIR"},
    {"as", 0, 0, G_OPTION_ARG_FILENAME, COMMAND_OPTION(struct options, as),
     "RECIPE is a copy of this one: relative names in it are beside this", "FILE"},
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

/* The script with the names that --into gives its files. */
static char *script_text(const plan *p)
{
    return plan_script(p, "kernel", "initrd", "medium.iso");
}

static gboolean write_answers(const plan *p, const char *dir, GError **error)
{
    for (guint i = 0; i < p->files->len; i++) {
        const struct os_file *f = g_ptr_array_index(p->files, i);
        gsize length;
        const void *data = g_bytes_get_data(f->data, &length);
        g_autofree char *name = g_strdelimit(g_strdup(f->path), "/", '_');
        g_autofree char *path = g_build_filename(dir, name, NULL);
        if (!files_write_atomic(path, data, (gssize)length, 0600, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean copy_file(const char *from, const char *to, GCancellable *cancel, GError **error)
{
    g_autoptr(GFile) source = g_file_new_for_path(from);
    g_autoptr(GFile) target = g_file_new_for_path(to);
    return g_file_copy(source, target, G_FILE_COPY_OVERWRITE, cancel, NULL, NULL, error);
}

/* Empty, or with the packages unpacked. */
static gboolean make_disk(struct call *c, const plan *p, const media_boot *boot, const char *disk,
                          GError **error)
{
    if (!boot->packages)
        return vm_disk_create(disk, p->disk_size, NULL, c->cancel, error);
    (void)g_unlink(disk);
    return build_unpack(p, boot, disk, c->progress, c->cancel, error);
}

/* Kernel and initrd with the files, or the medium.  What is served over HTTP in a build lies in the
 * directory: whoever runs the script types the boot command, too. */
static gboolean write_boot(struct call *c, const plan *p, const media_boot *boot, const char *dir,
                           GError **error)
{
    g_autofree char *kernel = g_build_filename(dir, "kernel", NULL);
    g_autofree char *initrd = g_build_filename(dir, "initrd", NULL);
    g_autofree char *medium = g_build_filename(dir, "medium.iso", NULL);
    if (!boot->medium)
        return copy_file(boot->kernel, kernel, c->cancel, error) &&
               plan_append_files(p, p->installer->packages != NULL, boot->initrd, initrd, error);
    return copy_file(boot->medium, medium, c->cancel, error);
}

static gboolean write_into(struct call *c, const plan *p, const char *dir, GError **error)
{
    const struct media_context context = {
        .cache_dir = p->cache_dir, .progress = c->progress, .cancel = c->cancel};
    g_autoptr(media_boot) boot = media_fetch(&p->media, &context, error);
    g_autofree char *script = g_build_filename(dir, "qemu.sh", NULL);
    g_autofree char *name = plan_disk_name(p);
    g_autofree char *disk = g_build_filename(dir, name, NULL);
    g_autofree char *text = script_text(p);
    return boot && files_mkdir(dir, TRUE, error) && write_boot(c, p, boot, dir, error) &&
           write_answers(p, dir, error) && make_disk(c, p, boot, disk, error) &&
           files_write_atomic(script, text, -1, 0755, error);
}

static gboolean render_render(struct call *c, const plan *p, const struct options *o,
                              GError **error)
{
    if (o->into)
        return write_into(c, p, o->into, error);
    if (o->file && strcmp(o->file, "list") == 0) {
        print_names(p);
        return TRUE;
    }
    if (!o->script)
        return print_file(c, p, o, error);
    g_autofree char *script = script_text(p);
    fputs(script, stdout);
    return TRUE;
}

static gboolean render_command(struct call *c, GError **error)
{
    struct options *o = c->options;
    c->recipe_as = o->as;
    g_autoptr(plan) p = call_plan(c, c->args[0], TRUE, o->script || o->into, error);
    gboolean good = p && render_render(c, p, o, error);
    g_free(o->file);
    g_free(o->into);
    g_free(o->as);
    return good;
}

const command command_render = {
    .name = "render",
    .arguments = "RECIPE",
    .heading = "Print the answer file, or the QEMU command line as a script",
    .description = "Prints the answer file as the guest will get it. With --into, a directory gets "
                   "kernel, initrd, disk and script, to run the same installation by hand.",
    .least = 1,
    .most = 1,
    .plans = TRUE,
    .entries = entries,
    .options_size = sizeof(struct options),
    .run = render_command,
};
