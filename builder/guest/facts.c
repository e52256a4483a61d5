/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/handle.h"

#include "base/text.h"

#include <string.h>

static void package_free(gpointer data)
{
    struct guest_package *package = data;
    g_free(package->name);
    g_free(package->version);
    g_free(package->arch);
    g_free(package);
}

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
    g_free(facts);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    const struct guest_package *x = *(struct guest_package *const *)a;
    const struct guest_package *y = *(struct guest_package *const *)b;
    int order = strcmp(x->name, y->name);
    return order ? order : strcmp(x->arch, y->arch);
}

static char *full_version(const struct guestfs_application2 *app)
{
    g_autofree char *epoch =
        app->app2_epoch ? g_strdup_printf("%d:", app->app2_epoch) : g_strdup("");
    const char *dash = *app->app2_release ? "-" : "";
    g_autofree char *text = g_strconcat(epoch, app->app2_version, dash, app->app2_release, NULL);
    return text_printable(text, -1);
}

static GPtrArray *read_packages(guest *g, GError **error)
{
    struct guestfs_application2_list *apps = guestfs_inspect_list_applications2(g->h, g->root);
    if (!apps) {
        guest_fail(g, error, "list the packages of the guest");
        return NULL;
    }
    GPtrArray *packages = g_ptr_array_new_with_free_func(package_free);
    for (guint32 i = 0; i < apps->len; i++) {
        struct guest_package *package = g_new0(struct guest_package, 1);
        package->name = text_printable(apps->val[i].app2_name, -1);
        package->version = full_version(&apps->val[i]);
        package->arch = text_printable(apps->val[i].app2_arch, -1);
        g_ptr_array_add(packages, package);
    }
    guestfs_free_application2_list(apps);
    g_ptr_array_sort(packages, by_name);
    return packages;
}

/* Texts of the guest are shown and written to manifests, so nothing but printable text passes. */
static char *clean(char *owned)
{
    g_autofree char *text = owned;
    return text_printable(text ? text : "unknown", -1);
}

static gboolean read_sizes(guest *g, guest_facts *facts, GError **error)
{
    gint64 size = guestfs_blockdev_getsize64(g->h, "/dev/sda");
    struct guestfs_statvfs *usage = guestfs_statvfs(g->h, "/");
    if (size < 0 || !usage) {
        g_clear_pointer(&usage, guestfs_free_statvfs);
        return guest_fail(g, error, "measure the file system of the guest");
    }
    facts->disk_size = (guint64)size;
    facts->root_used = (guint64)(usage->blocks - usage->bfree) * (guint64)usage->frsize;
    guestfs_free_statvfs(usage);
    return TRUE;
}

guest_facts *guest_facts_read(guest *g, GError **error)
{
    g_autoptr(guest_facts) facts = g_new0(guest_facts, 1);
    facts->operations = g_ptr_array_new_with_free_func(g_free);
    facts->type = clean(guestfs_inspect_get_type(g->h, g->root));
    facts->distro = clean(g_strdup(g->distro));
    facts->product = clean(guestfs_inspect_get_product_name(g->h, g->root));
    facts->arch = clean(guestfs_inspect_get_arch(g->h, g->root));
    facts->hostname = clean(guestfs_inspect_get_hostname(g->h, g->root));
    facts->major = guestfs_inspect_get_major_version(g->h, g->root);
    facts->minor = guestfs_inspect_get_minor_version(g->h, g->root);
    facts->root_device = g_strdup(g->root);
    facts->root_filesystem = clean(guestfs_vfs_type(g->h, g->root));
    facts->packages = read_packages(g, error);
    if (!facts->packages || !read_sizes(g, facts, error))
        return NULL;
    return g_steal_pointer(&facts);
}
