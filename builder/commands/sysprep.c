/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/image.h"
#include "stages/stages.h"

/* The seal alone, on any image, and what else is to be done to it in the same launch. */

struct sysprep_options {
    struct image_options image;
    gboolean list, dry_run;
    char *enable, *disable, *copy, *compact;
    char *root_password, *hostname, *install;
    char **ssh_keys, **scripts, **copies;
};

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
    IMAGE_FORMAT_ENTRY(struct sysprep_options),
    IMAGE_TRUST_ENTRY(struct sysprep_options),
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

static gboolean read_compact(const struct sysprep_options *o, enum output_compact *compact,
                             GError **error)
{
    if (output_compact_parse(o->compact, compact) && (o->copy || !o->compact))
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_USAGE, "--compact is fast or small, and goes with --copy",
                    "'--compact %s' cannot be used", o->compact);
    return FALSE;
}

static customisation *read_customisation(struct call *c, const struct sysprep_options *o,
                                         GError **error)
{
    g_autofree char *name = g_path_get_basename(c->args[0]);
    g_autofree char *cache = call_cache_dir(c);
    const struct sysprep_request request = {.root_password = o->root_password,
                                            .hostname = o->hostname,
                                            .packages = o->install,
                                            .ssh_keys = (const char *const *)o->ssh_keys,
                                            .copies = (const char *const *)o->copies,
                                            .scripts = (const char *const *)o->scripts,
                                            .name = name,
                                            .cache_dir = cache};
    return customisation_new(&request, c->hidden, error);
}

static gboolean sysprep_work(struct call *c, struct sysprep_by_hand *s, GError **error)
{
    guest_facts *found = NULL;
    if (!image_probe(c, &s->spec.open.force_tcg, error))
        return FALSE;
    gboolean good = build_sysprep_by_hand(s, c->progress, c->cancel, &found, error);
    g_autoptr(guest_facts) facts = found;
    if (facts && (s->dry_run || c->common.verbose || c->json))
        print_changes(c, facts);
    return good;
}

static gboolean sysprep_argument(struct call *c, const struct sysprep_options *o, GError **error)
{
    g_autofree const char **names = sysprep_choose(o->enable, o->disable, error);
    g_autoptr(customisation) custom = names ? read_customisation(c, o, error) : NULL;
    struct sysprep_by_hand s = {.dry_run = o->dry_run, .copy = o->copy};
    if (!custom || !read_compact(o, &s.compact, error))
        return FALSE;
    g_autoptr(image_file) opened = image_take(
        c, c->args[0], &o->image, o->dry_run || o->copy ? IMAGE_PLAIN : IMAGE_LOCK, error);
    s.image = opened;
    s.spec.operations = names;
    s.spec.customise = customisation_spec(custom);
    return opened && sysprep_work(c, &s, error);
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
        "Does to an image what the seal of a build does, and adds what the options name, "
        "all in one launch of libguestfs. The machine must not be running. IMAGE stays as it "
        "is until all changes are made; then a copy with the changes replaces it. --copy "
        "writes an image of the same format that depends on no other. Copies, packages and scripts "
        "(in this "
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
