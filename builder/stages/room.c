/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/room.h"

#include "base/files.h"
#include "base/room.h"
#include "base/text.h"
#include "stages/base.h"
#include "stages/kept.h"

static gboolean has_room(const char *folder, const char *what, guint64 need, GError **error)
{
    guint64 left;
    if (!room_left(folder, &left) || left >= need)
        return TRUE;
    g_autofree char *wanted = text_size(need);
    g_autofree char *there = text_size(left);
    ingot_set_error(error, INGOT_EXIT_HOST,
                    "make room there, or choose other places: --cache or INGOT_CACHE, and --out",
                    "the build needs about %s for %s in the file system of %s, which has %s left",
                    wanted, what, folder, there);
    return FALSE;
}

static gboolean has_both(const build *b, guint64 cache, guint64 output, GError **error)
{
    const plan *p = b->plan;
    if (room_is_shared(p->cache_dir, p->out_dir))
        return has_room(p->cache_dir, "cache and output", cache + output, error);
    return has_room(p->cache_dir, "the cache", cache, error) &&
           has_room(p->out_dir, "the output", output, error);
}

/* Any disk of the kind that could be reused: which one this build has a key for is not known yet.
 */
static gboolean is_kept(const build *b, const char *kind)
{
    return kept_is_there(b->plan->cache_dir, kind, NULL, b->options.max_age);
}

void room_of_build(const build *b, guint64 *cache, guint64 *output)
{
    struct plan_room need = plan_room(b->plan);
    g_autofree char *media = g_build_filename(b->plan->cache_dir, "media", "sha256", NULL);
    gboolean reused = !b->options.fresh &&
                      (is_kept(b, "install") || (b->plan->answers.sources && is_kept(b, "base")));
    *cache = need.work + need.media - MIN(need.media, files_usage(media));
    *cache += reused ? 0 : need.install;
    if (output)
        *output = need.output;
}

gboolean room_for_build(const build *b, GError **error)
{
    guint64 cache, output;
    if (!b->plan->installer) /* of a plan that a test has made */
        return TRUE;
    room_of_build(b, &cache, &output);
    return has_both(b, cache, output, error);
}

gboolean room_for_install(const build *b, GError **error)
{
    struct plan_room need = plan_room(b->plan);
    guint64 base = base_is_kept(b) ? 0 : need.install;
    return has_both(b, base + need.work, need.output, error);
}
