/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/scan.h"

#include "rootfs/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct scan {
    const struct scan_visitor *visitor;
    guint depth;
};

void scan_set_error(GError **error, int code, const char *path)
{
    g_set_error(error, TREE_ERROR, code, "%s%s%s", path ? path : "", path ? ": " : "",
                g_strerror(code));
}

/* ---- names ---- */

static gint scan_by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static gboolean scan_read_names(DIR *directory, GString *text)
{
    const struct dirent *entry;
    errno = 0;
    while ((entry = readdir(directory)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            g_string_append_len(text, entry->d_name, (gssize)strlen(entry->d_name) + 1);
    return errno == 0;
}

GPtrArray *scan_names(int fd, GString **text)
{
    int own = openat(fd, ".", OPEN_DIRECTORY);
    DIR *directory = own < 0 ? NULL : fdopendir(own);
    if (!directory) {
        if (own >= 0)
            close(own);
        return NULL;
    }
    g_autoptr(GString) all = g_string_new(NULL);
    gboolean good = scan_read_names(directory, all);
    int code = errno;
    closedir(directory);
    errno = code;
    if (!good)
        return NULL;
    GPtrArray *names = g_ptr_array_new();
    for (gsize at = 0; at < all->len; at += strlen(all->str + at) + 1)
        g_ptr_array_add(names, all->str + at);
    g_ptr_array_sort(names, scan_by_name);
    *text = g_steal_pointer(&all);
    return names;
}

/* ---- the walk ---- */

static gboolean scan_directory(struct scan *s, struct scan_node *node, int fd, GError **error);

static gboolean scan_below(struct scan *s, struct scan_node *node, GError **error)
{
    int fd = openat(node->at, node->name, OPEN_DIRECTORY);
    if (fd < 0 || s->depth >= SCAN_DEPTH_MAX) {
        scan_set_error(error, fd < 0 ? errno : ENAMETOOLONG, node->path);
        if (fd >= 0)
            close(fd);
        return FALSE;
    }
    s->depth++;
    gboolean good = scan_directory(s, node, fd, error);
    s->depth--;
    close(fd);
    return good;
}

static gboolean scan_visit_node(struct scan *s, struct scan_node *node, GError **error)
{
    enum scan_step step = s->visitor->visit(s->visitor->data, node, error);
    if (step != SCAN_ON || !S_ISDIR(node->st.st_mode))
        return step != SCAN_STOP;
    return scan_below(s, node, error);
}

static gboolean scan_child(struct scan *s, struct scan_node *up, int fd, const char *name,
                           GError **error)
{
    g_autofree char *path = g_strconcat(up->path, "/", name, NULL);
    struct scan_node node = {.up = up, .at = fd, .name = name, .path = path};
    int code = strlen(path) >= PATH_MAX ? ENAMETOOLONG : 0;
    if (!code && fstatat(fd, name, &node.st, AT_SYMLINK_NOFOLLOW) != 0)
        code = errno;
    if (!code)
        return scan_visit_node(s, &node, error);
    if (code == ENOENT)
        return TRUE;
    scan_set_error(error, code, up->path);
    return FALSE;
}

static gboolean scan_directory(struct scan *s, struct scan_node *node, int fd, GError **error)
{
    g_autoptr(GString) text = NULL;
    g_autoptr(GPtrArray) names = scan_names(fd, &text);
    if (!names) {
        scan_set_error(error, errno, node->path);
        return FALSE;
    }
    for (guint i = 0; i < names->len; i++)
        if (!scan_child(s, node, fd, g_ptr_array_index(names, i), error))
            return FALSE;
    return !s->visitor->leave || s->visitor->leave(s->visitor->data, node, error);
}

gboolean scan_tree(int root, const struct scan_visitor *visitor, GError **error)
{
    struct scan s = {visitor, 0};
    struct scan_node node = {.at = root, .name = ".", .path = "."};
    if (fstat(root, &node.st) == 0)
        return scan_visit_node(&s, &node, error);
    scan_set_error(error, errno, ".");
    return FALSE;
}

/* ---- removing ---- */

static gboolean scan_remove_at(int at, const char *name, guint depth, GError **error);

static gboolean scan_empty_at(int fd, guint depth, GError **error)
{
    g_autoptr(GString) text = NULL;
    g_autoptr(GPtrArray) names = scan_names(fd, &text);
    if (!names) {
        scan_set_error(error, errno, NULL);
        return FALSE;
    }
    for (guint i = 0; i < names->len; i++)
        if (!scan_remove_at(fd, g_ptr_array_index(names, i), depth, error))
            return FALSE;
    return TRUE;
}

static gboolean scan_remove_directory(int at, const char *name, guint depth, GError **error)
{
    int fd = openat(at, name, OPEN_DIRECTORY);
    if (fd < 0 || depth >= SCAN_DEPTH_MAX) {
        scan_set_error(error, fd < 0 ? errno : ENAMETOOLONG, NULL);
        if (fd >= 0)
            close(fd);
        return FALSE;
    }
    gboolean good = scan_empty_at(fd, depth + 1, error);
    close(fd);
    if (!good)
        return FALSE;
    if (unlinkat(at, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return TRUE;
    scan_set_error(error, errno, NULL);
    return FALSE;
}

static gboolean scan_remove_at(int at, const char *name, guint depth, GError **error)
{
    if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
        return TRUE;
    /* unlink(2): EISDIR of Linux, EPERM of POSIX. */
    if (errno == EISDIR || errno == EPERM)
        return scan_remove_directory(at, name, depth, error);
    scan_set_error(error, errno, NULL);
    return FALSE;
}

gboolean scan_remove(int at, const char *name, GError **error)
{
    return scan_remove_at(at, name, 0, error);
}

gboolean scan_empty(int directory, GError **error)
{
    return scan_empty_at(directory, 0, error);
}

/* ---- files ---- */

int scan_open_file(int at, const char *name, struct stat *st)
{
    if (fstatat(at, name, st, AT_SYMLINK_NOFOLLOW) != 0)
        return -1;
    errno = EINVAL;
    int fd = S_ISREG(st->st_mode)
                 ? openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
                 : -1;
    if (fd < 0 || (fstat(fd, st) == 0 && S_ISREG(st->st_mode)))
        return fd;
    close(fd);
    errno = EINVAL;
    return -1;
}
