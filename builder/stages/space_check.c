/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/space_check.h"

#include "base/files.h"
#include "base/space.h"
#include "base/text.h"
#include "stages/installation.h"

static gboolean space_check_folder(const char *folder, const char *what, guint64 need,
                                   GError **error)
{
    guint64 left;
    if (!space_left(folder, &left) || left >= need)
        return TRUE;
    g_autofree char *wanted = text_size(need);
    g_autofree char *there = text_size(left);
    ingot_set_error(
        error, INGOT_EXIT_HOST,
        "free some space there, or use other directories: --cache or INGOT_CACHE, and --out",
        "the build needs about %s for %s in the file system of %s, which has %s left", wanted, what,
        folder, there);
    return FALSE;
}

static gboolean space_check_both(const build *b, guint64 cache, guint64 output, GError **error)
{
    const plan *p = b->plan;
    if (space_is_shared(p->cache_dir, p->out_dir))
        return space_check_folder(p->cache_dir, "cache and output", cache + output, error);
    return space_check_folder(p->cache_dir, "the cache", cache, error) &&
           space_check_folder(p->out_dir, "the output", output, error);
}

/* Any disk of the kind that could be reused: the key that this build needs is not known yet. */
static gboolean space_check_is_kept(const build *b, const struct kept_kind *kind)
{
    return kept_is_there(b->plan->cache_dir, kind, NULL, b->options.max_age);
}

void space_needed(const build *b, guint64 *cache, guint64 *output)
{
    struct plan_estimate need = plan_estimate(b->plan);
    g_autofree char *media = g_build_filename(b->plan->cache_dir, "media", "sha256", NULL);
    gboolean reused =
        !b->options.fresh &&
        (space_check_is_kept(b, installation_way(b->plan)->kept) ||
         (b->plan->answers.sources && space_check_is_kept(b, installation_way(b->plan)->base)));
    *cache = need.work + need.media - MIN(need.media, files_usage(media));
    *cache += reused ? 0 : need.install;
    if (output)
        *output = need.output;
}

gboolean space_check_build(const build *b, GError **error)
{
    guint64 cache, output;
    if (!b->plan->installer) /* of a plan that a test has made */
        return TRUE;
    space_needed(b, &cache, &output);
    return space_check_both(b, cache, output, error);
}

gboolean space_check_install(const build *b, GError **error)
{
    struct plan_estimate need = plan_estimate(b->plan);
    guint64 base = installation_base_is_kept(b, installation_way(b->plan)) ? 0 : need.install;
    return space_check_both(b, base + need.work, need.output, error);
}
