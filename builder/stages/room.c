/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages/room.h"

#include "base/room.h"
#include "base/text.h"

#include <string.h>

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

/* What was fetched is there for longer than what was installed. */
static gboolean is_kept(const build *b, const char *kind)
{
    g_autofree char *path = g_build_filename(b->plan->cache_dir, kind, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name = dir ? g_dir_read_name(dir) : NULL;
    while (name && g_str_has_suffix(name, ".lock"))
        name = g_dir_read_name(dir);
    return name != NULL;
}

gboolean room_for_build(const build *b, GError **error)
{
    if (!b->plan->installer) /* of a plan that a test has made */
        return TRUE;
    struct plan_room need = plan_room(b->plan);
    guint64 cache = need.work;
    if (!is_kept(b, "media"))
        cache += need.media;
    if (b->options.fresh || (!is_kept(b, "stages/install") && !is_kept(b, "stages/base")))
        cache += need.install;
    return has_both(b, cache, need.output, error);
}

gboolean room_for_install(const build *b, GError **error)
{
    struct plan_room need = plan_room(b->plan);
    guint64 base = is_kept(b, "stages/base") && !b->options.fresh ? 0 : need.install;
    return has_both(b, base + need.work, need.output, error);
}
