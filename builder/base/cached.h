/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>
#include <sys/stat.h>

/* What a cache keeps, of whatever room, and the order in which it goes: what was used longest ago
 * first. */
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

/* Remove what was not used for max_age seconds; what was used longest ago, until a cache of usage
 * bytes has at most limit.  What is removed leaves the list.  They return how many that is, and
 * add to *freed. */
guint cached_remove_old(GPtrArray *list, guint max_age, guint64 *freed);
guint cached_shrink(GPtrArray *list, guint64 usage, guint64 limit, guint64 *freed);
