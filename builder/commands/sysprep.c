/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/commands.h"

#include "base/files.h"
#include "base/text.h"
#include "commands/image.h"
#include "guest/guest.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

/* The seal alone, on any image. */

struct options {
    gboolean list, dry_run;
    char *enable, *disable, *copy;
};

static const GOptionEntry entries[] = {
    {"list", 0, 0, G_OPTION_ARG_NONE, COMMAND_OPTION(struct options, list),
     "List the operations; '*': done when nothing else is said", NULL},
    {"enable", 0, 0, G_OPTION_ARG_STRING, COMMAND_OPTION(struct options, enable),
     "Do these too (NAME,NAME…)", "LIST"},
    {"disable", 0, 0, G_OPTION_ARG_STRING, COMMAND_OPTION(struct options, disable),
     "Leave these out (NAME,NAME… or all)", "LIST"},
    {"dry-run", 'n', 0, G_OPTION_ARG_NONE, COMMAND_OPTION(struct options, dry_run),
     "Change nothing; print what would be changed, file by file", NULL},
    {"copy", 0, 0, G_OPTION_ARG_FILENAME, COMMAND_OPTION(struct options, copy),
     "Leave IMAGE as it is and change a copy", "FILE"},
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
        call_print_json(all);
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
static GPtrArray *chosen(const struct options *o, GError **error)
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
        call_print_json(all);
    else
        json_decref(all);
}

static gboolean copy_image(const char *from, const char *to, GCancellable *cancel, GError **error)
{
    g_autoptr(GFile) source = g_file_new_for_path(from);
    g_autoptr(GFile) target = g_file_new_for_path(to);
    return g_file_copy(source, target, G_FILE_COPY_NONE, cancel, NULL, NULL, error);
}

static gboolean seal(struct call *c, const struct options *o, const char *image,
                     const GPtrArray *names, GError **error)
{
    gboolean force_tcg;
    guest_facts *found = NULL;
    if (!image_probe(c, &force_tcg, error))
        return FALSE;
    const struct seal_spec spec = {.image = image,
                                   .force_tcg = force_tcg,
                                   .read_only = o->dry_run,
                                   .no_policy = TRUE,
                                   .operations = (const char *const *)names->pdata};
    progress_stage(c->progress, "sysprep");
    gboolean good = guest_seal(&spec, c->progress, c->cancel, &found, error);
    progress_stage_end(c->progress, good, FALSE);
    g_autoptr(guest_facts) facts = found;
    if (good && (o->dry_run || c->common.verbose || c->json))
        print_changes(c, facts);
    return good;
}

static gboolean work(struct call *c, const struct options *o, GError **error)
{
    const char *image = o->copy && !o->dry_run ? o->copy : c->args[0];
    g_autoptr(GPtrArray) names = chosen(o, error);
    if (!names || !image_check(c->args[0], error))
        return FALSE;
    if (image == o->copy && !copy_image(c->args[0], image, c->cancel, error))
        return FALSE;
    gboolean good = seal(c, o, image, names, error);
    if (!good && image == o->copy)
        (void)g_unlink(image);
    return good;
}

static gboolean run(struct call *c, GError **error)
{
    struct options *o = c->options;
    g_autofree char *enable = o->enable, *disable = o->disable, *copy = o->copy;
    if (o->list) {
        list(c);
        return TRUE;
    }
    if (!c->args[0]) {
        ingot_set_error(error, INGOT_EXIT_USAGE, "ingot sysprep --help", "there is no IMAGE");
        return FALSE;
    }
    return work(c, o, error);
}

const command command_sysprep = {
    .name = "sysprep",
    .arguments = "IMAGE",
    .heading = "Remove from an image what only one machine may have",
    .description =
        "Does to a qcow2 image, in place or to a copy, what the seal of a build does. The "
        "machine must not be running.",
    .least = 0,
    .most = 1,
    .plans = FALSE,
    .entries = entries,
    .options_size = sizeof(struct options),
    .run = run,
};
