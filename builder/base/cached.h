/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>
#include <sys/stat.h>

/* The entries of a cache, whichever room made them, and the order in which they are removed:
 * least recently used first. */
typedef struct cached cached;

struct cached {
    const char *cache_dir; /* borrowed */
    char *path;
    gint64 used; /* last, in microseconds since 1970 */
    /* Removes it and adds to *freed, unless somebody uses it, or has used it since it was listed,
     * or nothing would be freed: FALSE. */
    gboolean (*remove)(const cached *c, guint64 *freed);
    gboolean covers; /* something else may be freed only when this is gone */
};

/* An empty list of cached *. */
GPtrArray *cached_list_new(void);

/* Adds a copy; path is taken over. */
void cached_add(GPtrArray *list, const cached *c);

/* When it was last changed, as cached.used has it. */
gint64 cached_time(const struct stat *info);

/* Remove entries that were not used for max_age seconds; or the least recently used ones, until
 * a cache of usage bytes has at most limit.  Removed entries leave the list.  They return the
 * number removed and add to *freed. */
guint cached_remove_old(GPtrArray *list, guint max_age, guint64 *freed);
guint cached_shrink(GPtrArray *list, guint64 usage, guint64 limit, guint64 *freed);
