/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/commands.h"

#include "base/files.h"
#include "base/text.h"
#include "stages/stages.h"

struct options {
    char *prune;
};

static const GOptionEntry entries[] = {
    {"prune", 0, 0, G_OPTION_ARG_STRING, COMMAND_OPTION(struct options, prune),
     "Remove installed disks older than this that no build uses, and the durations of recipes that "
     "were not built for so long",
     "AGE"},
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

static void list(struct call *c, const char *cache)
{
    static const char *const parts[][2] = {
        {"media", "installer media, by digest"},
        {"stages", "installed disks, by key"},
        {"history", "how long earlier builds took"},
        {"work", "builds that run now"},
    };
    json_t *all = json_pack("{s:s}", "directory", cache);
    if (!c->json)
        printf("%s\n", cache);
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *path = g_build_filename(cache, parts[i][0], NULL);
        guint64 bytes = files_usage(path);
        g_autofree char *shown = text_size(bytes);
        json_object_set_new(all, parts[i][0], json_integer((json_int_t)bytes));
        if (!c->json)
            printf("  %-8s %12s  %s\n", parts[i][0], shown, parts[i][1]);
    }
    if (c->json)
        call_print_json(c, all);
    else
        json_decref(all);
}

static gboolean prune(struct call *c, const char *cache, const char *age, GError **error)
{
    guint seconds;
    guint64 bytes, more;
    if (!text_parse_duration(age, &seconds)) {
        ingot_set_error(error, INGOT_EXIT_USAGE, "write it as 12h, 7d or 0s", "'%s' is not an age",
                        age);
        return FALSE;
    }
    guint n = build_prune(cache, seconds, &bytes) + build_prune_history(cache, seconds, &more);
    g_autofree char *shown = text_size(bytes + more);
    progress_info(c->progress, "%u removed, %s freed", n, shown);
    return TRUE;
}

static gboolean run(struct call *c, GError **error)
{
    struct options *o = c->options;
    g_autofree char *age = o->prune;
    g_autofree char *cache = call_cache_dir(c);
    if (age)
        return prune(c, cache, age, error);
    list(c, cache);
    return TRUE;
}

const command command_cache = {
    .name = "cache",
    .arguments = "",
    .heading = "Show what is kept, or remove what is old",
    .description =
        "The cache can be removed as a whole at any time; builds fetch and install again.",
    .plans = TRUE,
    .entries = entries,
    .options_size = sizeof(struct options),
    .run = run,
};
