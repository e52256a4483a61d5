/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/space.h"

#include "base/text.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* QEMU writes at most this much at once for a guest (BDRV_REQUEST_MAX is larger, virtio-blk's
 * seg_max of 126 pages with the appliance's kernel is less). */
#define FULL_BELOW (1u << 20)

/* The nearest part of the path that is there; owned by the caller. */
static char *space_nearest(const char *path)
{
    char *place = g_strdup(path);
    while (access(place, F_OK) != 0 && strcmp(place, "/") != 0 && strcmp(place, ".") != 0) {
        char *above = g_path_get_dirname(place);
        g_free(place);
        place = above;
    }
    return place;
}

gboolean space_left(const char *path, guint64 *bytes)
{
    struct statvfs info;
    g_autofree char *place = space_nearest(path);
    if (statvfs(place, &info) != 0)
        return FALSE;
    *bytes = (guint64)(geteuid() == 0 ? info.f_bfree : info.f_bavail) * info.f_frsize;
    return TRUE;
}

gboolean space_is_shared(const char *a, const char *b)
{
    struct stat first, second;
    g_autofree char *one = space_nearest(a);
    g_autofree char *other = space_nearest(b);
    return stat(one, &first) == 0 && stat(other, &second) == 0 && first.st_dev == second.st_dev;
}

gboolean space_is_full(const char *path)
{
    guint64 left;
    return space_left(path, &left) && left < FULL_BELOW;
}

char *space_full_cause(const char *path)
{
    guint64 left = 0;
    gboolean known = space_left(path, &left);
    g_autofree char *size = text_size(left);
    return g_strdup_printf("the host's disk is full: the file system of %s has %s left", path,
                           known ? size : "no space");
}

char *space_full_remedy(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    return g_strdup_printf("free some space in the file system of %s, or use another one", folder);
}
