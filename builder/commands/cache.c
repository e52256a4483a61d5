/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/commands.h"

#include "base/files.h"
#include "base/text.h"
#include "stages/stages.h"

struct options {
    char *prune, *max_size;
};

/* What the options say. */
struct wish {
    gboolean prune;
    guint max_age; /* seconds */
    guint64 size;  /* 0: none */
    guint64 limit; /* of INGOT_CACHE_SIZE; 0: none */
};

static const GOptionEntry entries[] = {
    {"prune", 0, 0, G_OPTION_ARG_STRING, COMMAND_OPTION(struct options, prune),
     "Remove installed disks older than this, media not used for this long, and the history "
     "of recipes not built for this long; what a build uses stays",
     "AGE"},
    {"max-size", 0, 0, G_OPTION_ARG_STRING, COMMAND_OPTION(struct options, max_size),
     "Remove what was used longest ago, until media and installed disks take no more than "
     "this; what a build uses stays",
     "SIZE"},
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

static void list_limit(struct call *c, guint64 limit, json_t *all)
{
    g_autofree char *shown = limit ? text_size(limit) : g_strdup("none");
    json_object_set_new(all, "limit", limit ? json_integer((json_int_t)limit) : json_null());
    if (!c->json)
        printf("  %-8s %12s  of media and stages, after a build (INGOT_CACHE_SIZE)\n", "limit",
               shown);
}

static void cache_list(struct call *c, const char *cache, guint64 limit)
{
    json_t *all = json_pack("{s:s}", "directory", cache);
    if (!c->json)
        printf("%s\n", cache);
    for (const struct cache_part *part = build_cache_parts(); part->name; part++) {
        g_autofree char *path = g_build_filename(cache, part->name, NULL);
        guint64 bytes = files_usage(path);
        g_autofree char *shown = text_size(bytes);
        json_object_set_new(all, part->name, json_integer((json_int_t)bytes));
        if (!c->json)
            printf("  %-8s %12s  %s\n", part->name, shown, part->heading);
    }
    list_limit(c, limit, all);
    if (c->json)
        call_print_json(c, all);
    else
        json_decref(all);
}

static void prune(struct call *c, const char *cache, guint max_age)
{
    guint64 bytes;
    guint n = build_prune_all(cache, max_age, &bytes);
    g_autofree char *shown = text_size(bytes);
    progress_info(c->progress, "%u removed, %s freed", n, shown);
}

static void shrink_to_size(struct call *c, const char *cache, guint64 size)
{
    guint64 freed, left;
    guint n = build_shrink_cache(cache, size, &freed, &left);
    g_autofree char *gone = text_size(freed), *stays = text_size(left), *most = text_size(size);
    progress_info(c->progress, "%u removed, %s freed; %s left", n, gone, stays);
    if (left > size)
        progress_warning(
            c->progress,
            "the cache is still larger than %s: the rest is in use, or was not put there by ingot",
            most);
}

static gboolean read_wish(const struct call *c, const struct options *o, struct wish *w,
                          GError **error)
{
    w->prune = o->prune != NULL;
    if (o->prune && !text_parse_duration(o->prune, &w->max_age)) {
        ingot_set_error(error, INGOT_EXIT_USAGE, "write it as 12h, 7d or 0s", "'%s' is not an age",
                        o->prune);
        return FALSE;
    }
    return (!o->max_size || call_read_cache_size("--max-size", o->max_size, &w->size, error)) &&
           call_cache_limit(c, &w->limit, error);
}

static gboolean cache_command(struct call *c, GError **error)
{
    struct wish w = {0};
    g_autofree char *cache = call_cache_dir(c);
    if (!read_wish(c, c->options, &w, error))
        return FALSE;
    if (w.prune)
        prune(c, cache, w.max_age);
    if (w.size)
        shrink_to_size(c, cache, w.size);
    if (!w.prune && !w.size)
        cache_list(c, cache, w.limit);
    return TRUE;
}

const command command_cache = {
    .name = "cache",
    .arguments = "",
    .heading = "Show what is kept, or remove what is old",
    .description =
        "The cache can be removed as a whole while no build runs; builds then fetch and "
        "install again. If INGOT_CACHE_SIZE is set (10GiB; default: no limit), every build "
        "ends with what --max-size does. What a running build uses stays, and so does a disk "
        "that another disk is based on.",
    .plans = TRUE,
    .entries = entries,
    .options_size = sizeof(struct options),
    .run = cache_command,
};
