/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/handle.h"

#include "image/debian.h"

#include <string.h>

void guest_facts_free(guest_facts *facts)
{
    if (!facts)
        return;
    g_free(facts->type);
    g_free(facts->distro);
    g_free(facts->product);
    g_free(facts->arch);
    g_free(facts->hostname);
    g_free(facts->root_device);
    g_free(facts->root_filesystem);
    g_clear_pointer(&facts->packages, g_ptr_array_unref);
    g_clear_pointer(&facts->operations, g_ptr_array_unref);
    g_clear_pointer(&facts->changes, g_ptr_array_unref);
    g_free(facts);
}

const struct guest_package *guest_facts_package(const guest_facts *facts, const char *name)
{
    for (guint i = 0; facts->packages && i < facts->packages->len; i++) {
        const struct guest_package *package = g_ptr_array_index(facts->packages, i);
        if (strcmp(package->name, name) == 0)
            return package;
    }
    return NULL;
}

static gint facts_by_name(gconstpointer a, gconstpointer b)
{
    const struct guest_package *x = *(struct guest_package *const *)a;
    const struct guest_package *y = *(struct guest_package *const *)b;
    int order = strcmp(x->name, y->name);
    return order ? order : strcmp(x->arch, y->arch);
}

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
        guestfs_inspect_list_applications2(g->h, g->facts->root_device);
    if (!apps)
        return guest_fail(g, error, "list the packages of the guest");
    for (guint32 i = 0; i < apps->len; i++)
        add_application(packages, &apps->val[i]);
    guestfs_free_application2_list(apps);
    return TRUE;
}

static gboolean read_sizes(guest *g, GError **error)
{
    gint64 size = guestfs_blockdev_getsize64(g->h, "/dev/sda");
    struct guestfs_statvfs *usage = guestfs_statvfs(g->h, "/");
    if (size < 0 || !usage) {
        g_clear_pointer(&usage, guestfs_free_statvfs);
        return guest_fail(g, error, "measure the file system of the guest");
    }
    g->facts->disk_size = (guint64)size;
    g->facts->root_used = (guint64)(usage->blocks - usage->bfree) * (guint64)usage->frsize;
    guestfs_free_statvfs(usage);
    return TRUE;
}

gboolean guest_measure(guest *g, GError **error)
{
    g_autoptr(GPtrArray) packages = guest_packages_new();
    if (!(g->inspected ? read_applications(g, packages, error)
                       : debian_read_packages(g, packages, error)) ||
        !read_sizes(g, error))
        return FALSE;
    g_ptr_array_sort(packages, facts_by_name);
    g_clear_pointer(&g->facts->packages, g_ptr_array_unref);
    g->facts->packages = g_steal_pointer(&packages);
    return TRUE;
}
