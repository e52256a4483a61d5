/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/appliance.h"

#include "image/backend.h"

#include <errno.h>
#include <string.h>

static gboolean did(guest *g, int result, GError **error)
{
    return result == 0 || appliance_reason(g, error);
}

static gboolean appliance_is_absent(guest *g)
{
    int code = guestfs_last_errno(g->appliance->h);
    return code == ENOENT || code == ENOTDIR || code == ELOOP;
}

/* In a list, what cannot be looked at has the inode -1: guestfs(3), lstatnslist. */
static struct guest_stat stat_of(const struct guestfs_statns *from)
{
    if (from->st_ino == -1)
        return (struct guest_stat){0};
    return (struct guest_stat){.mode = (guint)from->st_mode,
                               .uid = (guint)from->st_uid,
                               .gid = (guint)from->st_gid,
                               .size = from->st_size};
}

gboolean appliance_stat(guest *g, const char *path, gboolean follow, struct guest_stat *info,
                        GError **error)
{
    guestfs_h *h = g->appliance->h;
    struct guestfs_statns *found = follow ? guestfs_statns(h, path) : guestfs_lstatns(h, path);
    *info = (struct guest_stat){0};
    if (!found)
        return appliance_is_absent(g) || appliance_reason(g, error);
    *info = stat_of(found);
    guestfs_free_statns(found);
    return TRUE;
}

GArray *appliance_stat_list(guest *g, const char *directory, char *const *names, GError **error)
{
    struct guestfs_statns_list *found = guestfs_lstatnslist(g->appliance->h, directory, names);
    if (!found) {
        appliance_reason(g, error);
        return NULL;
    }
    GArray *infos = g_array_sized_new(FALSE, TRUE, sizeof(struct guest_stat), found->len);
    for (guint32 i = 0; i < found->len; i++) {
        struct guest_stat info = stat_of(&found->val[i]);
        g_array_append_val(infos, info);
    }
    guestfs_free_statns_list(found);
    return infos;
}

char **appliance_list(guest *g, const char *directory, GError **error)
{
    char **names = guestfs_ls(g->appliance->h, directory);
    if (!names)
        appliance_reason(g, error);
    return names;
}

char **appliance_glob(guest *g, const char *pattern, GError **error)
{
    char **paths = guestfs_glob_expand(g->appliance->h, pattern);
    if (!paths)
        appliance_reason(g, error);
    return paths;
}

gboolean appliance_readlink(guest *g, const char *path, char **target, GError **error)
{
    *target = guestfs_readlink(g->appliance->h, path);
    return *target || appliance_is_absent(g) || guestfs_last_errno(g->appliance->h) == EINVAL ||
           appliance_reason(g, error);
}

char *appliance_read(guest *g, const char *path, gint64 offset, gsize size, gsize *got,
                     GError **error)
{
    char *data = guestfs_pread(g->appliance->h, path, (int)size, offset, got);
    if (!data)
        appliance_reason(g, error);
    return data;
}

gboolean appliance_write(guest *g, const char *path, const char *text, GError **error)
{
    return did(g, guestfs_write(g->appliance->h, path, text, strlen(text)), error);
}

gboolean appliance_truncate(guest *g, const char *path, GError **error)
{
    return did(g, guestfs_truncate(g->appliance->h, path), error);
}

/* rm -rf runs outside of the guest's root directory: an absolute link on the way would lead it into
 * the appliance. */
static gboolean appliance_remove_tree(guest *g, const char *path, GError **error)
{
    guestfs_h *h = g->appliance->h;
    g_autofree char *directory = g_path_get_dirname(path), *name = g_path_get_basename(path);
    g_autofree char *real = guestfs_realpath(h, directory);
    if (!real)
        return appliance_is_absent(g) || appliance_reason(g, error);
    g_autofree char *whole = g_build_filename(real, name, NULL);
    return did(g, guestfs_rm_rf(h, whole), error);
}

gboolean appliance_remove(guest *g, const char *path, gboolean all, GError **error)
{
    if (all)
        return appliance_remove_tree(g, path, error);
    return guestfs_rm_f(g->appliance->h, path) == 0 || appliance_is_absent(g) ||
           appliance_reason(g, error);
}

gboolean appliance_mkdirs(guest *g, const char *path, GError **error)
{
    return did(g, guestfs_mkdir_p(g->appliance->h, path), error);
}

gboolean appliance_chmod(guest *g, const char *path, guint mode, GError **error)
{
    return did(g, guestfs_chmod(g->appliance->h, (int)mode, path), error);
}

gboolean appliance_chown(guest *g, const char *path, guint uid, guint gid, GError **error)
{
    return did(g, guestfs_chown(g->appliance->h, (int)uid, (int)gid, path), error);
}

gboolean appliance_symlink(guest *g, const char *target, const char *path, GError **error)
{
    return did(g, guestfs_ln_s(g->appliance->h, target, path), error);
}
