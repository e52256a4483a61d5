/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cached.h"

static void cached_free(gpointer data)
{
    cached *c = data;
    g_free(c->path);
    g_free(c);
}

GPtrArray *cached_list_new(void)
{
    return g_ptr_array_new_with_free_func(cached_free);
}

void cached_add(GPtrArray *list, const cached *c)
{
    g_ptr_array_add(list, g_memdup2(c, sizeof *c));
}

gint64 cached_time(const struct stat *info)
{
    return (gint64)info->st_mtim.tv_sec * G_USEC_PER_SEC + info->st_mtim.tv_nsec / 1000;
}

/* The path decides between equals, so that the order is one. */
static gint by_last_use(gconstpointer a, gconstpointer b)
{
    const cached *x = *(const cached *const *)a, *y = *(const cached *const *)b;
    return x->used != y->used ? (x->used > y->used) - (x->used < y->used)
                              : g_strcmp0(x->path, y->path);
}

guint cached_remove_old(GPtrArray *list, guint max_age, guint64 *freed)
{
    gint64 latest = g_get_real_time() - (gint64)max_age * G_USEC_PER_SEC;
    guint removed = 0;
    for (guint i = list->len; i-- > 0;) {
        const cached *c = g_ptr_array_index(list, i);
        if (c->used > latest || !c->remove(c, freed))
            continue;
        g_ptr_array_remove_index(list, i);
        removed++;
    }
    return removed;
}

guint cached_shrink(GPtrArray *list, guint64 usage, guint64 limit, guint64 *freed)
{
    guint removed = 0, i = 0;
    guint64 gone = 0;
    g_ptr_array_sort(list, by_last_use);
    while (i < list->len && usage > limit && gone < usage - limit) {
        const cached *c = g_ptr_array_index(list, i);
        if (!c->remove(c, &gone)) {
            i++;
            continue;
        }
        /* The entry that it covers is older, so it is next. */
        i = c->covers ? 0 : i;
        g_ptr_array_remove(list, (gpointer)c);
        removed++;
    }
    *freed += gone;
    return removed;
}
