/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/xattrs.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/xattr.h>

/* The separator of a pax record (pax(1), "pax Extended Header") cannot be in its keyword. */
gboolean xattrs_belongs(const char *name)
{
    static const char *const kept[] = {"security.capability", "system.posix_acl_access",
                                       "system.posix_acl_default", NULL};
    return !strchr(name, '=') && (g_str_has_prefix(name, "user.") || g_strv_contains(kept, name));
}

static void xattrs_free(gpointer data)
{
    struct xattr *x = data;
    g_free(x->name);
    g_clear_pointer(&x->value, g_bytes_unref);
    g_free(x);
}

GPtrArray *xattrs_new(void)
{
    return g_ptr_array_new_with_free_func(xattrs_free);
}

void xattrs_add(GPtrArray *to, const char *name, const void *value, gsize size)
{
    struct xattr *x = g_new0(struct xattr, 1);
    x->name = g_strdup(name);
    x->value = g_bytes_new(value, size);
    g_ptr_array_add(to, x);
}

static gint xattrs_by_name(gconstpointer a, gconstpointer b)
{
    return strcmp((*(const struct xattr *const *)a)->name, (*(const struct xattr *const *)b)->name);
}

/* The names, each up to a NUL; -1 with errno set. */
static ssize_t xattrs_list(int fd, char **names)
{
    ssize_t size = flistxattr(fd, NULL, 0);
    *names = NULL;
    if (size < 0 && (errno == ENOTSUP || errno == EBADF))
        return 0;
    if (size <= 0)
        return size;
    *names = g_malloc((gsize)size + 1);
    size = flistxattr(fd, *names, (gsize)size);
    if (size >= 0)
        (*names)[size] = '\0';
    return size;
}

static GBytes *xattrs_value(int fd, const char *name)
{
    g_autofree char *value = g_malloc(XATTR_SIZE_MAX);
    ssize_t size = fgetxattr(fd, name, value, XATTR_SIZE_MAX);
    return size < 0 ? NULL : g_bytes_new(value, (gsize)size);
}

GPtrArray *xattrs_read(int fd)
{
    g_autofree char *names = NULL;
    g_autoptr(GPtrArray) all = xattrs_new();
    ssize_t size = xattrs_list(fd, &names);
    if (size < 0)
        return NULL;
    for (const char *name = names; name && name < names + size; name += strlen(name) + 1) {
        if (!xattrs_belongs(name))
            continue;
        struct xattr *x = g_new0(struct xattr, 1);
        x->name = g_strdup(name);
        x->value = xattrs_value(fd, name);
        g_ptr_array_add(all, x);
        if (!x->value)
            return NULL;
    }
    g_ptr_array_sort(all, xattrs_by_name);
    return g_steal_pointer(&all);
}

static gboolean xattrs_has(struct archive_entry *entry, const char *wanted)
{
    const char *name;
    const void *value;
    size_t size;
    archive_entry_xattr_reset(entry);
    while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK)
        if (strcmp(name, wanted) == 0)
            return TRUE;
    return FALSE;
}

/* A new file may have inherited an access control list. */
static gboolean xattrs_drop_others(int fd, struct archive_entry *entry)
{
    g_autofree char *names = NULL;
    ssize_t size = xattrs_list(fd, &names);
    for (const char *name = names; name && name < names + size; name += strlen(name) + 1)
        if (xattrs_belongs(name) && !xattrs_has(entry, name) && fremovexattr(fd, name) != 0)
            return FALSE;
    return size >= 0;
}

gboolean xattrs_write(int fd, struct archive_entry *entry)
{
    const char *name;
    const void *value;
    size_t size;
    if (!xattrs_drop_others(fd, entry))
        return FALSE;
    archive_entry_xattr_reset(entry);
    while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK)
        if (xattrs_belongs(name) && fsetxattr(fd, name, value, size, 0) != 0)
            return FALSE;
    return TRUE;
}
