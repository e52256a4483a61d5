/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest in a tree on this host: its files are those of the tree, and its disk is the one that
 * will be written from it. */
#include "image/backend.h"

#include "base/error.h"
#include "image/debian.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* ---- files ---- */

static struct guest_stat tree_guest_convert(const struct tree_stat *from)
{
    return (struct guest_stat){.mode = from->mode,
                               .uid = from->uid,
                               .gid = from->gid,
                               .size = (gint64)MIN(from->size, (guint64)G_MAXINT64)};
}

static gboolean tree_guest_stat(guest *g, const char *path, gboolean follow,
                                struct guest_stat *info, GError **error)
{
    struct tree_stat found;
    if (!tree_stat(g->tree->files, path, follow, &found, error))
        return FALSE;
    *info = tree_guest_convert(&found);
    return TRUE;
}

static GArray *tree_guest_stat_list(guest *g, const char *directory, char *const *names,
                                    GError **error)
{
    g_autoptr(GArray) found =
        tree_stat_list(g->tree->files, directory, (const char *const *)names, error);
    if (!found)
        return NULL;
    GArray *infos = g_array_sized_new(FALSE, TRUE, sizeof(struct guest_stat), found->len);
    for (guint i = 0; i < found->len; i++) {
        struct guest_stat info = tree_guest_convert(&g_array_index(found, struct tree_stat, i));
        g_array_append_val(infos, info);
    }
    return infos;
}

static char **tree_guest_list(guest *g, const char *directory, GError **error)
{
    return tree_list(g->tree->files, directory, error);
}

static char **tree_guest_glob(guest *g, const char *pattern, GError **error)
{
    return tree_glob(g->tree->files, pattern, error);
}

static gboolean tree_guest_readlink(guest *g, const char *path, char **target, GError **error)
{
    g_autoptr(GError) local = NULL;
    *target = tree_readlink(g->tree->files, path, &local);
    int code = local ? tree_errno(local) : 0;
    if (*target || code == EINVAL || code == ENOENT || code == ENOTDIR || code == ELOOP)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

static char *tree_guest_read(guest *g, const char *path, gint64 offset, gsize size, gsize *got,
                             GError **error)
{
    GBytes *bytes = tree_read(g->tree->files, path, (guint64)offset, size, error);
    if (!bytes)
        return NULL;
    char *data = g_bytes_unref_to_data(bytes, got);
    return data ? data : g_strdup("");
}

static gboolean tree_guest_write(guest *g, const char *path, const char *text, GError **error)
{
    return tree_write(g->tree->files, path, text, strlen(text), error);
}

static gboolean tree_guest_truncate(guest *g, const char *path, GError **error)
{
    return tree_truncate(g->tree->files, path, error);
}

static gboolean tree_guest_remove(guest *g, const char *path, gboolean all, GError **error)
{
    return tree_unlink(g->tree->files, path, all, error);
}

static gboolean tree_guest_mkdirs(guest *g, const char *path, GError **error)
{
    return tree_mkdirs(g->tree->files, path, error);
}

static gboolean tree_guest_chmod(guest *g, const char *path, guint mode, GError **error)
{
    return tree_chmod(g->tree->files, path, mode, error);
}

static gboolean tree_guest_chown(guest *g, const char *path, guint uid, guint gid, GError **error)
{
    return tree_chown(g->tree->files, path, uid, gid, error);
}

static gboolean tree_guest_symlink(guest *g, const char *target, const char *path, GError **error)
{
    return tree_symlink(g->tree->files, target, path, FALSE, error);
}

/* ---- streams ---- */

/* A descriptor for the tree, which closes what it gets. */
static int tree_guest_duplicate(int fd, GError **error)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "%s", g_strerror(errno));
    return copy;
}

/* Takes reason. */
static gboolean tree_guest_sent(gboolean good, GError *reason, GError **error)
{
    if (reason && tree_errno(reason) == EPIPE)
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CLOSED, reason->message);
    else if (reason)
        g_propagate_error(error, g_steal_pointer(&reason));
    g_clear_error(&reason);
    return good;
}

static gboolean tree_guest_send_tar(guest *g, const char *directory, char *const *excludes, int fd,
                                    GError **error)
{
    GError *local = NULL;
    int copy = tree_guest_duplicate(fd, error);
    if (copy < 0)
        return FALSE;
    gboolean good =
        tree_send(g->tree->files, directory, (const char *const *)excludes, copy, &local);
    return tree_guest_sent(good, local, error);
}

static gboolean tree_guest_send_names(guest *g, const char *directory, int fd, GError **error)
{
    GError *local = NULL;
    int copy = tree_guest_duplicate(fd, error);
    if (copy < 0)
        return FALSE;
    gboolean good = tree_send_names(g->tree->files, directory, copy, &local);
    return tree_guest_sent(good, local, error);
}

static gboolean tree_guest_receive_tar(guest *g, const char *directory, int fd, GError **error)
{
    int copy = tree_guest_duplicate(fd, error);
    return copy >= 0 && tree_receive(g->tree->files, directory, copy, error);
}

/* ---- the disk that it will have ---- */

static char *tree_guest_device(guint number)
{
    return g_strdup_printf(GUEST_DISK "%u", number);
}

/* Fills the lists of g, and the root's device. */
static void tree_guest_describe(guest *g)
{
    const struct layout_partition *p = layout_partitions(g->tree->layout);
    g_autoptr(GStrvBuilder) filesystems = g_strv_builder_new();
    g_autoptr(GStrvBuilder) mountpoints = g_strv_builder_new();
    for (guint number = 1; p->filesystem; p++, number++) {
        g_autofree char *device = tree_guest_device(number);
        g_strv_builder_add_many(filesystems, device, p->filesystem, NULL);
        g_strv_builder_add_many(mountpoints, p->mount_point, device, NULL);
        if (strcmp(p->mount_point, "/") == 0)
            g->facts->root_device = g_steal_pointer(&device);
    }
    g->filesystems = g_strv_builder_end(filesystems);
    g->mountpoints = g_strv_builder_end(mountpoints);
}

static gboolean tree_guest_inspect(guest *g, GError **error)
{
    gboolean debian;
    if (!debian_is_mounted(g, &debian, error))
        return FALSE;
    if (!debian) {
        ingot_set_error(error, INGOT_EXIT_SEAL,
                        "make an image of it, which libguestfs can look into",
                        "there is no Debian in %s, and in a tree of files no other system is "
                        "recognised",
                        g->name);
        return FALSE;
    }
    tree_guest_describe(g);
    return debian_read(g, error);
}

static gboolean tree_guest_sizes(guest *g, guint64 *disk, guint64 *used, GError **error)
{
    *disk = g->tree->layout->size;
    return tree_usage(g->tree->files, used, error);
}

static char *tree_guest_table(guest *g)
{
    return g_strdup(layout_partitions(g->tree->layout)->gpt_type ? "gpt" : "msdos");
}

static GPtrArray *tree_guest_partitions(guest *g, GError **error)
{
    const struct layout_partition *p = layout_partitions(g->tree->layout);
    GPtrArray *partitions = guest_partitions_new();
    (void)error;
    for (guint number = 1; p->filesystem; p++, number++) {
        struct guest_partition *partition = g_new0(struct guest_partition, 1);
        partition->device = tree_guest_device(number);
        partition->number = (int)number;
        partition->gpt_type = g_strdup(p->gpt_type);
        partition->mbr_type = p->gpt_type ? -1 : (int)p->mbr_type;
        g_ptr_array_add(partitions, partition);
    }
    return partitions;
}

static char *tree_guest_filesystem_type(guest *g, const char *device)
{
    for (char **pair = g->filesystems; pair && pair[0] && pair[1]; pair += 2)
        if (strcmp(pair[0], device) == 0)
            return g_strdup(pair[1]);
    return NULL;
}

static char *tree_guest_filesystem_uuid(guest *g, const char *device)
{
    return g_strcmp0(device, g->facts->root_device) == 0 ? g_strdup(g->tree->layout->uuid) : NULL;
}

/* The root's is the only one that anything of the guest names. */
static gboolean tree_guest_renew_uuids(guest *g, const char *const *types, GPtrArray *renewed,
                                       GError **error)
{
    struct rootfs_layout *layout = g->tree->layout;
    g_autofree char *type = tree_guest_filesystem_type(g, g->facts->root_device);
    (void)error;
    if (!type || !g_strv_contains(types, type))
        return TRUE;
    struct guest_renewal *one = g_new0(struct guest_renewal, 1);
    one->from = g_strdup(layout->uuid);
    one->to = g_uuid_string_random();
    g_strlcpy(layout->uuid, one->to, sizeof layout->uuid);
    g_ptr_array_add(renewed, one);
    guest_changed(g, "write", g->facts->root_device);
    return TRUE;
}

const struct guest_backend guest_in_tree = {
    .stat = tree_guest_stat,
    .stat_list = tree_guest_stat_list,
    .list = tree_guest_list,
    .glob = tree_guest_glob,
    .readlink = tree_guest_readlink,
    .read = tree_guest_read,
    .write = tree_guest_write,
    .truncate = tree_guest_truncate,
    .remove = tree_guest_remove,
    .mkdirs = tree_guest_mkdirs,
    .chmod = tree_guest_chmod,
    .chown = tree_guest_chown,
    .symlink = tree_guest_symlink,
    .send_tar = tree_guest_send_tar,
    .send_names = tree_guest_send_names,
    .receive_tar = tree_guest_receive_tar,
    .inspect = tree_guest_inspect,
    .packages = debian_read_packages,
    .sizes = tree_guest_sizes,
    .table = tree_guest_table,
    .partitions = tree_guest_partitions,
    .filesystem_type = tree_guest_filesystem_type,
    .filesystem_uuid = tree_guest_filesystem_uuid,
    .renew_uuids = tree_guest_renew_uuids,
};
