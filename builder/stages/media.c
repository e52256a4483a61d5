/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/stages.h"

struct media_context build_media_context(const build *b)
{
    return (struct media_context){.cache_dir = b->plan->cache_dir,
                                  .progress = b->progress,
                                  .cancel = b->cancel,
                                  .offline = b->options.offline};
}

/* Fetches the installer's kernel and initrd, and adds the answer file to the initrd; or the
 * medium that is booted as it is. */

static gboolean media_stage(build *b, const char *key, GError **error)
{
    (void)key;
    const struct media_context context = build_media_context(b);
    b->media = media_fetch(&b->plan->media, &context, error);
    if (!b->media || !b->media->initrd) /* the answer file comes from a seed, or is not booted */
        return b->media != NULL;
    b->initrd = g_build_filename(b->work_dir, "initrd", NULL);
    return plan_append_files(b->plan, FALSE, b->media->initrd, b->initrd, error);
}

const stage stage_media = {
    .name = "media",
    .heading = "fetch and verify the installer",
    .failure = INGOT_EXIT_MEDIA,
    .limits = {.still = 10 * 60, .total = 4 * 3600},
    .run = media_stage,
};
