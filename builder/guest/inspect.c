/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/handle.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

static char *describe_filesystems(char **pairs)
{
    GString *text = g_string_new(NULL);
    for (char **p = pairs; p && p[0] && p[1]; p += 2)
        g_string_append_printf(text, "%s%s (%s)", text->len ? ", " : "", p[0], p[1]);
    g_autofree char *raw = g_string_free(text, FALSE);
    return *raw ? text_printable(raw, -1) : g_strdup("no file system at all");
}

static gboolean one_root(guest *g, char **roots, GError **error)
{
    guint n = g_strv_length(roots);
    if (n == 1) {
        g->root = g_strdup(roots[0]);
        return TRUE;
    }
    g_autofree char *found = describe_filesystems(g->filesystems);
    g_autofree char *list = g_strjoinv(", ", roots);
    if (n == 0)
        ingot_set_error(error, INGOT_EXIT_SEAL,
                        "the install did not get far enough, or this is not a system disk",
                        "there is no operating system in %s; it has %s", g->spec->image, found);
    else
        ingot_set_error(error, INGOT_EXIT_SEAL, "a template holds exactly one",
                        "there are %u operating systems in %s, on %s", n, g->spec->image, list);
    return FALSE;
}

static gint by_depth(gconstpointer a, gconstpointer b)
{
    gsize la = strlen(**(char **const *)a), lb = strlen(**(char **const *)b);
    return la < lb ? -1 : la > lb;
}

/* "/" before "/boot" before "/boot/efi": shorter names first. */
static gboolean mount_all(guest *g, GError **error)
{
    g_autoptr(GPtrArray) order = g_ptr_array_new();
    for (char **pair = g->mountpoints; pair[0] && pair[1]; pair += 2)
        g_ptr_array_add(order, pair);
    g_ptr_array_sort(order, by_depth);
    for (guint i = 0; i < order->len; i++) {
        char **pair = g_ptr_array_index(order, i);
        if (guestfs_mount(g->h, pair[1], pair[0]) != 0)
            return guest_fail(g, error, "mount %s on %s", pair[1], pair[0]);
    }
    return TRUE;
}

gboolean guest_inspect(guest *g, GError **error)
{
    g_auto(GStrv) roots = guestfs_inspect_os(g->h);
    if (!roots)
        return guest_fail(g, error, "look for an operating system in %s", g->spec->image);
    g->filesystems = guestfs_list_filesystems(g->h);
    if (!g->filesystems)
        return guest_fail(g, error, "list the file systems of %s", g->spec->image);
    if (!one_root(g, roots, error))
        return FALSE;
    g_autofree char *type = guestfs_inspect_get_type(g->h, g->root);
    if (!type || strcmp(type, "linux") != 0) {
        ingot_set_error(error, INGOT_EXIT_SEAL, "only Linux images can be sealed",
                        "the operating system in %s is of type %s", g->spec->image,
                        type ? type : "unknown");
        return FALSE;
    }
    g->distro = guestfs_inspect_get_distro(g->h, g->root);
    g->format = guestfs_inspect_get_package_format(g->h, g->root);
    g->mountpoints = guestfs_inspect_get_mountpoints(g->h, g->root);
    if (!g->distro || !g->format || !g->mountpoints)
        return guest_fail(g, error, "inspect %s", g->root);
    return mount_all(g, error);
}
