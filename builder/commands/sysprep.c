/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/sysprep.h"

#include "base/files.h"
#include "base/text.h"
#include "commands/image.h"
#include "output/output.h"

#include <string.h>

/* The seal alone, on any image, and what else is to be done to it in the same launch. */

#define OPTION(field) COMMAND_OPTION(struct sysprep_options, field)

static const GOptionEntry entries[] = {
    {"list", 0, 0, G_OPTION_ARG_NONE, OPTION(list), "List the operations; '*': on by default",
     NULL},
    {"enable", 0, 0, G_OPTION_ARG_STRING, OPTION(enable), "Enable these (NAME,NAME… or all)",
     "LIST"},
    {"disable", 0, 0, G_OPTION_ARG_STRING, OPTION(disable), "Disable these (NAME,NAME… or all)",
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
     "Authorize the public keys in FILE for USER; may be repeated", "USER:FILE"},
    {"hostname", 0, 0, G_OPTION_ARG_STRING, OPTION(hostname), "Set the host name", "NAME"},
    {"install", 0, 0, G_OPTION_ARG_STRING, OPTION(install),
     "Install packages with the guest's package manager", "PKG,PKG"},
    {"run", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, OPTION(scripts),
     "Run a script in the guest; may be repeated", "SCRIPT"},
    {"copy-in", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, OPTION(copies),
     "Copy a file or directory into a directory of the guest; may be repeated", "LOCAL:GUESTDIR"},
    {"trust-chain", 0, 0, G_OPTION_ARG_NONE, OPTION(trust_chain), IMAGE_TRUST_CHAIN_HELP, NULL},
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

static void sysprep_list(const struct call *c)
{
    json_t *all = json_array();
    for (const sysprep_operation *const *op = sysprep_operations(); *op; op++) {
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
    for (const sysprep_operation *const *op = sysprep_operations(); *op; op++)
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
        const sysprep_operation *op = sysprep_operation_find(*word);
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
    for (const sysprep_operation *const *op = sysprep_operations(); *op; op++) {
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
    const image_file *image;
};

static gboolean seal_image(const struct job *job, const image_file *what, GError **error)
{
    struct call *c = job->call;
    gboolean force_tcg, dry = job->options->dry_run;
    guest_facts *found = NULL;
    if (!image_probe(c, &force_tcg, error))
        return FALSE;
    const struct sysprep_spec spec = {.open.image = what,
                                      .open.name = image_path(job->image),
                                      .open.force_tcg = force_tcg,
                                      .open.read_only = dry,
                                      .no_policy = TRUE,
                                      .operations = (const char *const *)job->names->pdata,
                                      .customise = customisation_spec(job->custom)};
    progress_stage(c->progress, "sysprep");
    gboolean good = sysprep_image(&spec, c->progress, c->cancel, &found, error);
    progress_stage_end(c->progress, good, FALSE);
    g_autoptr(guest_facts) facts = found;
    if (good && (dry || c->common.verbose || c->json))
        print_changes(c, facts);
    return good;
}

/* One file that depends on no other, as a build writes it. */
static gboolean write_copy(const struct job *job, const char *overlay, GError **error)
{
    int lock = -1;
    const char *copy = job->options->copy;
    g_autofree char *beside = g_path_get_dirname(copy);
    g_autofree char *folder = files_live_dir_of(beside, ".ingot-sysprep", &lock, error);
    if (!folder)
        return FALSE;
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const struct output_job write = {.image = overlay,
                                     .folder = folder,
                                     .name = "copy",
                                     .compact = job->compact,
                                     .progress = job->call->progress,
                                     .cancel = job->call->cancel};
    gboolean good = output_format_find("qcow2")->write(&write, names, error);
    g_autofree char *made = good ? g_build_filename(folder, names->pdata[0], NULL) : NULL;
    good = good && image_check_same(job->image, error) && files_publish_new(made, copy, error);
    files_remove_tree(folder);
    files_unlock(lock);
    return good;
}

static gboolean write_result(const struct job *job, const char *overlay, GError **error)
{
    progress_stage(job->call->progress, "write");
    gboolean good = job->options->copy
                        ? write_copy(job, overlay, error)
                        : image_replace(job->image, overlay, job->call->cancel, error);
    progress_stage_end(job->call->progress, good, FALSE);
    return good;
}

static gboolean check_copy(const char *copy, GError **error)
{
    if (!g_file_test(copy, G_FILE_TEST_EXISTS))
        return files_check_target("--copy", copy, error);
    ingot_set_error(error, INGOT_EXIT_OUTPUT, "remove it, or name another file",
                    "%s is there already", copy);
    return FALSE;
}

/* An overlay of the image takes all changes: until all of them are made, the image is as it was. */
static gboolean change_image(const struct job *job, GError **error)
{
    const char *copy = job->options->copy;
    g_autofree char *overlay = image_scratch(job->image, "overlay.qcow2");
    if (copy ? !check_copy(copy, error) : !image_can_replace(job->image, error))
        return FALSE;
    if (!image_overlay(job->image, overlay, 0, job->call->cancel, error))
        return FALSE;
    g_autoptr(image_file) own = image_own(overlay);
    return seal_image(job, own, error) && write_result(job, overlay, error);
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

static enum image_flags image_flags_of(const struct sysprep_options *o)
{
    enum image_flags trust = o->trust_chain ? IMAGE_TRUST_CHAIN : IMAGE_PLAIN;
    return o->dry_run || o->copy ? trust : trust | IMAGE_LOCK;
}

static gboolean sysprep_argument(struct call *c, const struct sysprep_options *o, GError **error)
{
    g_autofree char *name = g_path_get_basename(c->args[0]);
    g_autoptr(GPtrArray) names = chosen(o, error);
    g_autoptr(customisation) custom = names ? customisation_new(c, o, name, error) : NULL;
    struct job job = {.call = c, .options = o, .names = names, .custom = custom};
    if (!custom || !read_compact(o, &job.compact, error))
        return FALSE;
    g_autoptr(image_file) opened = image_take(c, c->args[0], image_flags_of(o), error);
    job.image = opened;
    return opened && (o->dry_run ? seal_image(&job, opened, error) : change_image(&job, error));
}

static gboolean sysprep_command(struct call *c, GError **error)
{
    const struct sysprep_options *o = c->options;
    if (o->list) {
        sysprep_list(c);
        return TRUE;
    }
    return image_named(c, error) && sysprep_argument(c, o, error);
}

const command command_sysprep = {
    .name = "sysprep",
    .arguments = "IMAGE",
    .heading = "Remove from an image what only one machine may have",
    .description =
        "Does to a qcow2 image what the seal of a build does, and adds what the options name, "
        "all in one launch of libguestfs. The machine must not be running. IMAGE stays as it "
        "is until all changes are made; then a copy with the changes replaces it. --copy "
        "writes an image that depends on no other. Copies, packages and scripts (in this "
        "order) come before the operations, which clean up after them; password, keys and "
        "host name come last. SOURCE is file:PATH, env:NAME or locked. Operations can be "
        "named as in virt-sysprep, too.",
    .least = 0,
    .most = 1,
    .plans = FALSE,
    .entries = entries,
    .options_size = sizeof(struct sysprep_options),
    .run = sysprep_command,
};
