/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/sysprep.h"

#include "base/files.h"
#include "base/spawn.h"
#include "base/text.h"
#include "commands/image.h"
#include "output/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* The seal alone, on any image, and what else is to be done to it in the same launch. */

#define OPTION(field) COMMAND_OPTION(struct sysprep_options, field)

static const GOptionEntry entries[] = {
    {"list", 0, 0, G_OPTION_ARG_NONE, OPTION(list),
     "List the operations; '*': done when nothing else is said", NULL},
    {"enable", 0, 0, G_OPTION_ARG_STRING, OPTION(enable), "Do these too (NAME,NAME… or all)",
     "LIST"},
    {"disable", 0, 0, G_OPTION_ARG_STRING, OPTION(disable), "Leave these out (NAME,NAME… or all)",
     "LIST"},
    {"dry-run", 'n', 0, G_OPTION_ARG_NONE, OPTION(dry_run),
     "Change nothing; print what would be changed, file by file", NULL},
    {"copy", 0, 0, G_OPTION_ARG_FILENAME, OPTION(copy),
     "Leave IMAGE as it is and write the changed image here, compressed", "FILE"},
    {"compact", 0, 0, G_OPTION_ARG_STRING, OPTION(compact),
     "With --copy: fast to write and to read (default), or a tenth smaller", "fast|small"},
    {"root-password", 0, 0, G_OPTION_ARG_STRING, OPTION(root_password),
     "Set root's password (the first line of a file, or a variable) or lock it", "SOURCE"},
    {"ssh-key", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, OPTION(ssh_keys),
     "Let who has these keys in as USER; may be repeated", "USER:FILE"},
    {"hostname", 0, 0, G_OPTION_ARG_STRING, OPTION(hostname), "Set the host name", "NAME"},
    {"install", 0, 0, G_OPTION_ARG_STRING, OPTION(install),
     "Install packages with the guest's package manager", "PKG,PKG"},
    {"run", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, OPTION(scripts),
     "Run a script in the guest; may be repeated", "SCRIPT"},
    {"copy-in", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, OPTION(copies),
     "Copy a file or directory into a directory of the guest; may be repeated", "LOCAL:GUESTDIR"},
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

static void list(const struct call *c)
{
    json_t *all = json_array();
    for (const guest_operation *const *op = guest_operations(); *op; op++) {
        if (c->json)
            json_array_append_new(all, json_pack("{s:s, s:s, s:s*, s:b}", "name", (*op)->name,
                                                 "heading", (*op)->heading, "virt-sysprep",
                                                 (*op)->also, "default", !(*op)->off));
        else
            printf("%s %-24s %s\n", (*op)->off ? " " : "*", (*op)->name, (*op)->heading);
    }
    if (c->json)
        call_print_json(c, all);
    else
        json_decref(all);
}

/* ---- which operations ---- */

static gboolean unknown(const char *name, GError **error)
{
    g_autoptr(GPtrArray) known = g_ptr_array_new();
    for (const guest_operation *const *op = guest_operations(); *op; op++)
        g_ptr_array_add(known, (gpointer)(*op)->name);
    g_ptr_array_add(known, NULL);
    const char *near = text_nearest(name, (const char *const *)known->pdata);
    g_autofree char *hint = near ? g_strdup_printf("did you mean '%s'?", near)
                                 : g_strdup("ingot sysprep --list prints their names");
    ingot_set_error(error, INGOT_EXIT_USAGE, hint, "unknown operation '%s'", name);
    return FALSE;
}

/* "a,b" to ingot's own names of them; NULL: one is unknown.  The caller owns the list. */
static char **names_of(const char *text, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text ? text : "", ",", -1);
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    for (char **word = words; *word; word++) {
        const guest_operation *op = guest_operation_find(*word);
        if (!op && strcmp(*word, "all") != 0 && !unknown(*word, error))
            return NULL;
        g_strv_builder_add(names, op ? op->name : *word);
    }
    return g_strv_builder_end(names);
}

/* The names to run, NULL-terminated, borrowed from the records; the caller owns the array. */
static GPtrArray *chosen(const struct sysprep_options *o, GError **error)
{
    g_auto(GStrv) on = names_of(o->enable, error);
    g_auto(GStrv) off = on ? names_of(o->disable, error) : NULL;
    if (!off)
        return NULL;
    GPtrArray *names = g_ptr_array_new();
    gboolean none = g_strv_contains((const char *const *)off, "all");
    gboolean every = g_strv_contains((const char *const *)on, "all");
    for (const guest_operation *const *op = guest_operations(); *op; op++) {
        gboolean asked = every || g_strv_contains((const char *const *)on, (*op)->name);
        gboolean refused = g_strv_contains((const char *const *)off, (*op)->name);
        if (!refused && (asked || (!none && !(*op)->off)))
            g_ptr_array_add(names, (gpointer)(*op)->name);
    }
    g_ptr_array_add(names, NULL);
    return names;
}

/* ---- the work ---- */

static void print_changes(const struct call *c, const guest_facts *facts)
{
    json_t *all = json_array();
    for (guint i = 0; i < facts->changes->len; i++) {
        const struct guest_change *change = g_ptr_array_index(facts->changes, i);
        if (c->json)
            json_array_append_new(all, json_pack("{s:s, s:s, s:s}", "operation", change->operation,
                                                 "change", change->verb, "path", change->path));
        else
            printf("%-24s %-7s %s\n", change->operation, change->verb, change->path);
    }
    if (c->json)
        call_print_json(c, all);
    else
        json_decref(all);
}

/* What one call works on. */
struct job {
    struct call *call;
    const struct sysprep_options *options;
    const GPtrArray *names;
    const customisation *custom;
    enum output_compact compact;
    char *image;  /* canonical */
    char *folder; /* beside what is written; NULL: a dry run */
};

static gboolean seal(const struct job *job, const char *image, GError **error)
{
    struct call *c = job->call;
    gboolean force_tcg, dry = job->options->dry_run;
    guest_facts *found = NULL;
    if (!image_probe(c, &force_tcg, error))
        return FALSE;
    const struct seal_spec spec = {.image = image,
                                   .name = job->image,
                                   .force_tcg = force_tcg,
                                   .read_only = dry,
                                   .no_policy = TRUE,
                                   .operations = (const char *const *)job->names->pdata,
                                   .customise = customisation_spec(job->custom)};
    progress_stage(c->progress, "sysprep");
    gboolean good = guest_seal(&spec, c->progress, c->cancel, &found, error);
    progress_stage_end(c->progress, good, FALSE);
    g_autoptr(guest_facts) facts = found;
    if (good && (dry || c->common.verbose || c->json))
        print_changes(c, facts);
    return good;
}

/* An overlay of the image takes all changes: until all of them are made, the image is as it was. */
static char *make_overlay(const struct job *job, GError **error)
{
    g_autofree char *overlay = g_build_filename(job->folder, "overlay.qcow2", NULL);
    g_autoptr(GError) local = NULL;
    if (vm_disk_create(overlay, 0, job->image, job->call->cancel, &local))
        return g_steal_pointer(&overlay);
    if (g_error_matches(local, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return NULL;
    }
    g_autofree char *said = ingot_error_text(local);
    ingot_set_error(error, INGOT_EXIT_SEAL,
                    "give a qcow2 image that is not damaged; qemu-img check "
                    "says more",
                    "cannot work on %s: %s", job->image, said);
    return NULL;
}

/* The image grows by what the overlay has, at most. */
static gboolean has_room(const struct job *job, const char *overlay, GError **error)
{
    struct statvfs info;
    guint64 need = files_usage(overlay);
    if (statvfs(job->image, &info) != 0 || (guint64)info.f_bavail * info.f_frsize >= need)
        return TRUE;
    g_autofree char *size = text_size(need);
    ingot_set_error(error, INGOT_EXIT_OUTPUT, "free some room; the image is as it was",
                    "the changes need %s in the file system of %s, which has less", size,
                    job->image);
    return FALSE;
}

/* What is written here has all been made, so neither Ctrl-C nor a full disk undoes it: the overlay
 * stays until its changes are in the image, and they can be written as often as need be. */
static gboolean commit(struct job *job, const char *overlay, GError **error)
{
    const char *const argv[] = {"qemu-img", "commit", "-q", "-d", "-f", "qcow2", overlay, NULL};
    g_autoptr(GError) local = NULL;
    if (!has_room(job, overlay, error))
        return FALSE;
    if (spawn_run(argv, NULL, NULL, &local))
        return TRUE;
    g_autofree char *said = ingot_error_text(local);
    g_autofree char *again = spawn_quote(argv);
    g_autofree char *hint =
        g_strdup_printf("do not use the image before this has ended well: %s", again);
    ingot_set_error(error, INGOT_EXIT_OUTPUT, hint, "the changes are only partly in %s: %s",
                    job->image, said);
    g_clear_pointer(&job->folder, g_free);
    return FALSE;
}

/* One file that depends on no other, as a build writes it. */
static gboolean convert(const struct job *job, const char *overlay, GError **error)
{
    g_autofree char *made = g_build_filename(job->folder, "copy.qcow2", NULL);
    const output_format *format = output_format_find("qcow2");
    return format->write(overlay, made, job->compact, job->call->progress, job->call->cancel,
                         error) &&
           files_rename(made, job->options->copy, error);
}

static gboolean write_result(struct job *job, const char *overlay, GError **error)
{
    progress_stage(job->call->progress, "write");
    gboolean good = job->options->copy ? convert(job, overlay, error) : commit(job, overlay, error);
    progress_stage_end(job->call->progress, good, FALSE);
    return good;
}

static gboolean change(struct job *job, GError **error)
{
    const char *copy = job->options->copy;
    g_autofree char *beside = g_path_get_dirname(copy ? copy : job->image);
    if (copy && g_file_test(copy, G_FILE_TEST_EXISTS)) {
        ingot_set_error(error, INGOT_EXIT_OUTPUT, "remove it, or name another file",
                        "%s is there already", copy);
        return FALSE;
    }
    if (!copy && access(job->image, W_OK) != 0) {
        ingot_set_error(error, INGOT_EXIT_SEAL, "let this user write it, or use --copy FILE",
                        "cannot write the image %s: %s", job->image, g_strerror(errno));
        return FALSE;
    }
    job->folder = files_temp_dir(beside, ".ingot-sysprep", error);
    g_autofree char *overlay = job->folder ? make_overlay(job, error) : NULL;
    gboolean good = overlay && seal(job, overlay, error) && write_result(job, overlay, error);
    if (job->folder)
        files_remove_tree(job->folder);
    g_clear_pointer(&job->folder, g_free);
    return good;
}

static gboolean read_compact(const struct sysprep_options *o, enum output_compact *compact,
                             GError **error)
{
    if (output_compact_parse(o->compact, compact) && (o->copy || !o->compact))
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_USAGE, "--compact is fast or small, and goes with --copy",
                    "'--compact %s' cannot be used", o->compact);
    return FALSE;
}

static gboolean work(struct call *c, const struct sysprep_options *o, GError **error)
{
    g_autofree char *name = g_path_get_basename(c->args[0]);
    g_autoptr(GPtrArray) names = chosen(o, error);
    g_autoptr(customisation) custom = names ? customisation_new(c, o, name, error) : NULL;
    struct job job = {.call = c, .options = o, .names = names, .custom = custom};
    if (!custom || !read_compact(o, &job.compact, error) || !image_check(c->args[0], error))
        return FALSE;
    char *real = realpath(c->args[0], NULL);
    job.image = real ? g_strdup(real) : g_strdup(c->args[0]);
    free(real);
    gboolean good = o->dry_run ? seal(&job, job.image, error) : change(&job, error);
    g_free(job.image);
    return good;
}

static gboolean choose(struct call *c, const struct sysprep_options *o, GError **error)
{
    if (o->list) {
        list(c);
        return TRUE;
    }
    return image_named(c, error) && work(c, o, error);
}

static gboolean run(struct call *c, GError **error)
{
    struct sysprep_options *o = c->options;
    gboolean good = choose(c, o, error);
    char *const texts[] = {o->enable,   o->disable, o->copy,   o->root_password,
                           o->hostname, o->install, o->compact};
    char **const lists[] = {o->ssh_keys, o->scripts, o->copies};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
        g_strfreev(lists[i]);
    return good;
}

const command command_sysprep = {
    .name = "sysprep",
    .arguments = "IMAGE",
    .heading = "Remove from an image what only one machine may have",
    .description =
        "Does to a qcow2 image what the seal of a build does, and puts into it what the options "
        "name, all in one launch of libguestfs. The machine must not be running. Changes are made "
        "in an overlay beside IMAGE, which stays as it is until all of them are made; --copy "
        "writes "
        "an image that depends on no other. Copies, packages and scripts (in this order) come "
        "before the operations, which clean up after them; password, keys and host name after "
        "them. "
        "SOURCE is file:PATH, env:NAME or locked. The operations take virt-sysprep's names, too.",
    .least = 0,
    .most = 1,
    .plans = FALSE,
    .entries = entries,
    .options_size = sizeof(struct sysprep_options),
    .run = run,
};
