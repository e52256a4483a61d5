/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/disk.h"

#include "image/backend.h"

static void partition_free(gpointer data)
{
    struct guest_partition *partition = data;
    g_free(partition->device);
    g_free(partition->gpt_type);
    g_free(partition);
}

GPtrArray *guest_partitions_new(void)
{
    return g_ptr_array_new_with_free_func(partition_free);
}

GPtrArray *guest_partitions(guest *g, GError **error)
{
    GPtrArray *partitions = g->backend->partitions(g, error);
    if (!partitions)
        guest_fail(g, error, "list the partitions of %s", g->name);
    return partitions;
}

char *guest_partition_table(guest *g)
{
    return g->backend->table(g);
}

char *guest_filesystem_type(guest *g, const char *device)
{
    g_autofree char *type = g->backend->filesystem_type(g, device);
    return type && *type ? g_steal_pointer(&type) : NULL;
}

char *guest_filesystem_uuid(guest *g, const char *device)
{
    g_autofree char *uuid = g->backend->filesystem_uuid(g, device);
    return uuid && *uuid ? g_steal_pointer(&uuid) : NULL;
}

static void renewal_free(gpointer data)
{
    struct guest_renewal *renewal = data;
    g_free(renewal->from);
    g_free(renewal->to);
    g_free(renewal);
}

GPtrArray *guest_renew_uuids(guest *g, const char *const *types, GError **error)
{
    g_autoptr(GPtrArray) renewed = g_ptr_array_new_with_free_func(renewal_free);
    gboolean good = !g->backend->renew_uuids || g->backend->renew_uuids(g, types, renewed, error);
    return good ? g_steal_pointer(&renewed) : NULL;
}

gboolean guest_renew_lvm(guest *g, GError **error)
{
    return !g->backend->renew_lvm || g->backend->renew_lvm(g, error);
}

gboolean guest_trim(guest *g, GError **error)
{
    return !g->backend->trim || g->backend->trim(g, error);
}
