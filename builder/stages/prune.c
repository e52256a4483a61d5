/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/files.h"
#include "stages/history.h"
#include "stages/kept.h"
#include "stages/namespace.h"
#include "stages/stages.h"

/* Removing from a cache: by age, each kind by itself, or for space, all kinds in one order. */

static void clear_after_the_dead(const char *cache_dir)
{
    g_autofree char *work = g_build_filename(cache_dir, "work", NULL);
    namespace_clear_dead(cache_dir);
    if (files_is_dir(work))
        files_clear_dead(work);
    media_clear_dead(cache_dir);
    vm_probe_clear_dead(cache_dir);
}

guint build_prune(const char *cache_dir, guint max_age, guint64 *bytes)
{
    clear_after_the_dead(cache_dir);
    return kept_prune(cache_dir, max_age, bytes);
}

guint build_prune_history(const char *cache_dir, guint max_age, guint64 *bytes)
{
    return history_prune(cache_dir, max_age, bytes);
}

guint build_prune_media(const char *cache_dir, guint max_age, guint64 *bytes)
{
    g_autoptr(GPtrArray) list = cached_list_new();
    *bytes = 0;
    media_list_cached(cache_dir, list);
    return cached_remove_old(list, max_age, bytes);
}

guint build_prune_all(const char *cache_dir, guint max_age, guint64 *bytes)
{
    guint64 disks = 0, media = 0, durations = 0;
    guint n = build_prune(cache_dir, max_age, &disks) +
              build_prune_media(cache_dir, max_age, &media) +
              build_prune_history(cache_dir, max_age, &durations);
    *bytes = disks + media + durations;
    return n;
}

const struct cache_part *build_cache_parts(void)
{
    static const struct cache_part parts[] = {
        {"media", "installer media, by digest"},
        {"stages", "installed disks, by key"},
        {"history", "how long earlier builds took"},
        {"work", "builds that run now"},
        {NULL, NULL},
    };
    return parts;
}

/* work/ does not count: it is removed with the running builds, and nothing else can make it
 * smaller. */
static guint64 kept_usage(const char *cache_dir)
{
    g_autofree char *media = g_build_filename(cache_dir, "media", NULL);
    g_autofree char *stages = g_build_filename(cache_dir, "stages", NULL);
    return files_usage(media) + files_usage(stages);
}

guint build_shrink_cache(const char *cache_dir, guint64 limit, guint64 *freed, guint64 *left)
{
    g_autoptr(GPtrArray) list = cached_list_new();
    guint64 before = kept_usage(cache_dir);
    (void)build_prune(cache_dir, G_MAXUINT, NULL);
    media_list_cached(cache_dir, list);
    kept_list_cached(cache_dir, list);
    guint64 gone = 0, usage = kept_usage(cache_dir);
    guint removed = cached_shrink(list, usage, limit, &gone);
    *left = kept_usage(cache_dir);
    *freed = before - MIN(before, *left);
    return removed;
}
