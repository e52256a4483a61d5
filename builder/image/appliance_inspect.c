/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/appliance.h"

#include "base/error.h"
#include "base/text.h"
#include "image/debian.h"
#include "image/files.h"

#include <string.h>

/* File systems directly on their partition: there are no volumes in between to find. */
static const char *const plain_types[] = {"ext2", "ext3", "ext4",    "xfs", "f2fs",
                                          "vfat", "swap", "unknown", NULL};
static const char *const rootless_types[] = {"vfat", "swap", "unknown", NULL};

static char *describe_filesystems(char **pairs)
{
    GString *text = g_string_new(NULL);
    for (char **p = pairs; p && p[0] && p[1]; p += 2)
        g_string_append_printf(text, "%s%s (%s)", text->len ? ", " : "", p[0], p[1]);
    g_autofree char *raw = g_string_free(text, FALSE);
    return *raw ? text_printable(raw, -1) : g_strdup("no file system at all");
}

static gboolean mount_one_root(guest *g, char **roots, GError **error)
{
    guint n = g_strv_length(roots);
    if (n == 1) {
        g->facts->root_device = g_strdup(roots[0]);
        return TRUE;
    }
    g_autofree char *found = describe_filesystems(g->filesystems);
    g_autofree char *list = g_strjoinv(", ", roots);
    if (n == 0)
        ingot_set_error(error, INGOT_EXIT_SEAL,
                        "the installation did not get far enough, or this is not a system disk",
                        "there is no operating system in %s; it has %s", g->name, found);
    else
        ingot_set_error(error, INGOT_EXIT_SEAL, "a template holds exactly one",
                        "there are %u operating systems in %s, on %s", n, g->name, list);
    return FALSE;
}

/* ---- the short way: a disk with plain file systems, one of them a Debian root ---- */

static gboolean list_plain(guest *g, GError **error)
{
    g_auto(GStrv) devices = guestfs_list_partitions(g->appliance->h);
    if (devices && !*devices) {
        g_strfreev(devices);
        devices = guestfs_list_devices(g->appliance->h);
    }
    if (!devices)
        return appliance_fail(g, error, "list the partitions of %s", g->name);
    g_autoptr(GStrvBuilder) pairs = g_strv_builder_new();
    for (char **device = devices; *device; device++) {
        g_autofree char *type = guestfs_vfs_type(g->appliance->h, *device);
        g_strv_builder_add_many(pairs, *device, type && *type ? type : "unknown", NULL);
    }
    g->filesystems = g_strv_builder_end(pairs);
    return TRUE;
}

static gboolean all_plain(char **pairs)
{
    for (char **p = pairs; p[0] && p[1]; p += 2)
        if (!g_strv_contains(plain_types, p[1]))
            return FALSE;
    return TRUE;
}

/* A file system that cannot be mounted is not a root for us; the long way will say what it is. */
static gboolean find_debians(guest *g, GStrvBuilder *roots, GError **error)
{
    for (char **p = g->filesystems; p[0] && p[1]; p += 2) {
        gboolean yes = FALSE;
        if (g_strv_contains(rootless_types, p[1]) ||
            guestfs_mount_ro(g->appliance->h, p[0], "/") != 0)
            continue;
        if (!debian_is_mounted(g, &yes, error))
            return FALSE;
        if (guestfs_umount_all(g->appliance->h) != 0)
            return appliance_fail(g, error, "unmount %s", p[0]);
        if (yes)
            g_strv_builder_add(roots, p[0]);
    }
    return TRUE;
}

static const char *esp_of(const guest *g)
{
    for (char **p = g->filesystems; p[0] && p[1]; p += 2)
        if (strcmp(p[1], "vfat") == 0)
            return p[0];
    return NULL;
}

static gboolean mount_debian(guest *g, GError **error)
{
    const char *root = g->facts->root_device, *esp = esp_of(g);
    if (guestfs_mount(g->appliance->h, root, "/") != 0)
        return appliance_fail(g, error, "mount %s", root);
    gboolean efi = esp && guestfs_is_dir(g->appliance->h, "/boot/efi") == 1;
    if (efi && guestfs_mount(g->appliance->h, esp, "/boot/efi") != 0)
        return appliance_fail(g, error, "mount %s on /boot/efi", esp);
    g_autoptr(GStrvBuilder) pairs = g_strv_builder_new();
    g_strv_builder_add_many(pairs, "/", root, NULL);
    if (efi)
        g_strv_builder_add_many(pairs, "/boot/efi", esp, NULL);
    g->mountpoints = g_strv_builder_end(pairs);
    return TRUE;
}

/* *done: the guest is mounted and known; else the long way has to be taken. */
static gboolean inspect_debian(guest *g, gboolean *done, GError **error)
{
    *done = FALSE;
    if (!list_plain(g, error))
        return FALSE;
    g_autoptr(GStrvBuilder) found = g_strv_builder_new();
    if (all_plain(g->filesystems) && !find_debians(g, found, error))
        return FALSE;
    g_auto(GStrv) roots = g_strv_builder_end(found);
    if (!*roots)
        return TRUE;
    *done = TRUE;
    return mount_one_root(g, roots, error) && mount_debian(g, error) && debian_read(g, error);
}

/* ---- the long way: libguestfs looks for everything it knows ---- */

static gint by_depth(gconstpointer a, gconstpointer b)
{
    gsize la = strlen(**(char **const *)a), lb = strlen(**(char **const *)b);
    return la < lb ? -1 : la > lb;
}

/* "/" before "/boot" before "/boot/efi": shorter names first. */
gboolean appliance_mount_all(guest *g, GError **error)
{
    g_autoptr(GPtrArray) order = g_ptr_array_new();
    for (char **pair = g->mountpoints; pair[0] && pair[1]; pair += 2)
        g_ptr_array_add(order, pair);
    g_ptr_array_sort(order, by_depth);
    for (guint i = 0; i < order->len; i++) {
        char **pair = g_ptr_array_index(order, i);
        if (guestfs_mount(g->appliance->h, pair[1], pair[0]) != 0)
            return appliance_fail(g, error, "mount %s on %s", pair[1], pair[0]);
    }
    return TRUE;
}

/* Texts of the guest are shown and written to manifests, so nothing but printable text passes. */
static char *inspect_clean(char *owned)
{
    g_autofree char *text = owned;
    return text_printable(text ? text : "unknown", -1);
}

static void read_inspection(guest *g)
{
    guest_facts *facts = g->facts;
    const char *root = facts->root_device;
    facts->type = inspect_clean(guestfs_inspect_get_type(g->appliance->h, root));
    facts->distro = inspect_clean(guestfs_inspect_get_distro(g->appliance->h, root));
    facts->product = inspect_clean(guestfs_inspect_get_product_name(g->appliance->h, root));
    facts->arch = inspect_clean(guestfs_inspect_get_arch(g->appliance->h, root));
    facts->hostname = inspect_clean(guestfs_inspect_get_hostname(g->appliance->h, root));
    facts->major = guestfs_inspect_get_major_version(g->appliance->h, root);
    facts->minor = guestfs_inspect_get_minor_version(g->appliance->h, root);
    g->format = guestfs_inspect_get_package_format(g->appliance->h, root);
    g->appliance->inspected = TRUE;
}

static gboolean inspect_any(guest *g, GError **error)
{
    g_auto(GStrv) roots = guestfs_inspect_os(g->appliance->h);
    if (!roots)
        return appliance_fail(g, error, "look for an operating system in %s", g->name);
    g_strfreev(g->filesystems);
    g->filesystems = guestfs_list_filesystems(g->appliance->h);
    if (!g->filesystems)
        return appliance_fail(g, error, "list the file systems of %s", g->name);
    if (!mount_one_root(g, roots, error))
        return FALSE;
    read_inspection(g);
    if (strcmp(g->facts->type, "linux") != 0) {
        ingot_set_error(error, INGOT_EXIT_SEAL, "ingot supports only Linux images",
                        "the operating system in %s is of type %s", g->name, g->facts->type);
        return FALSE;
    }
    g->mountpoints = guestfs_inspect_get_mountpoints(g->appliance->h, g->facts->root_device);
    if (!g->mountpoints)
        return appliance_fail(g, error, "find the mount points of %s", g->facts->root_device);
    return appliance_mount_all(g, error);
}

gboolean appliance_inspect(guest *g, GError **error)
{
    gboolean done;
    return inspect_debian(g, &done, error) && (done || inspect_any(g, error));
}

/* ---- packages ---- */

static void add_application(GPtrArray *packages, const struct guestfs_application2 *app)
{
    g_autofree char *epoch =
        app->app2_epoch ? g_strdup_printf("%d:", app->app2_epoch) : g_strdup("");
    g_autofree char *version = g_strconcat(epoch, app->app2_version, *app->app2_release ? "-" : "",
                                           app->app2_release, NULL);
    guest_package_add(packages, app->app2_name, version, app->app2_arch);
}

static gboolean read_applications(guest *g, GPtrArray *packages, GError **error)
{
    struct guestfs_application2_list *apps =
        guestfs_inspect_list_applications2(g->appliance->h, g->facts->root_device);
    if (!apps)
        return appliance_fail(g, error, "list the packages of the guest");
    for (guint32 i = 0; i < apps->len; i++)
        add_application(packages, &apps->val[i]);
    guestfs_free_application2_list(apps);
    return TRUE;
}

gboolean appliance_packages(guest *g, GPtrArray *packages, GError **error)
{
    return g->appliance->inspected ? read_applications(g, packages, error)
                                   : debian_read_packages(g, packages, error);
}
