/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/send.h"

#include "rootfs/inodes.h"
#include "rootfs/pax.h"
#include "rootfs/tree.h"
#include "rootfs/xattrs.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define USAGE_BLOCK 4096u

struct sender {
    pax *to;
    GHashTable *linked; /* inodes with several names to the path that was sent */
};

sender *sender_new(int fd)
{
    sender *s = g_new0(sender, 1);
    *s = (sender){pax_new(fd), inodes_new()};
    return s;
}

void sender_free(sender *s)
{
    if (!s)
        return;
    pax_free(s->to);
    g_hash_table_unref(s->linked);
    g_free(s);
}

/* ---- one entry ---- */

static gboolean sender_fail(const struct scan_node *node, GError **error)
{
    scan_set_error(error, errno, node->path);
    return FALSE;
}

/* What is open has the attributes; the rest has none that count. */
static gboolean sender_put_open(sender *s, const struct scan_node *node, int fd,
                                struct pax_entry *entry, GError **error)
{
    gboolean file = S_ISREG(entry->st.st_mode);
    g_autoptr(GPtrArray) xattrs = xattrs_read(fd);
    g_autoptr(GArray) extents = file ? holes_find(fd, (guint64)entry->st.st_size) : NULL;
    if (!xattrs)
        return sender_fail(node, error);
    entry->xattrs = xattrs;
    entry->extents = extents;
    if (pax_put(s->to, entry, error) && (!file || pax_put_data(s->to, entry, fd, error)))
        return TRUE;
    g_prefix_error(error, "%s: ", node->path);
    return FALSE;
}

static gboolean sender_put_directory(sender *s, const struct scan_node *node,
                                     struct pax_entry *entry, GError **error)
{
    g_autofree char *path = g_strconcat(node->path, "/", NULL);
    int fd = openat(node->at, node->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return sender_fail(node, error);
    entry->path = path;
    gboolean good = sender_put_open(s, node, fd, entry, error);
    close(fd);
    return good;
}

static gboolean sender_put_file(sender *s, const struct scan_node *node, struct pax_entry *entry,
                                GError **error)
{
    int fd = scan_open_file(node->at, node->name, &entry->st);
    if (fd < 0)
        return errno == ENOENT || sender_fail(node, error);
    gboolean good = sender_put_open(s, node, fd, entry, error);
    close(fd);
    return good;
}

static gboolean sender_put_link(sender *s, const struct scan_node *node, struct pax_entry *entry,
                                GError **error)
{
    char target[PATH_MAX + 1];
    ssize_t n = readlinkat(node->at, node->name, target, sizeof target - 1);
    if (n < 0)
        return errno == ENOENT || sender_fail(node, error);
    target[n] = '\0';
    entry->link = target;
    return pax_put(s->to, entry, error);
}

gboolean sender_put(sender *s, const struct scan_node *node, GError **error)
{
    struct pax_entry entry = {.path = node->path, .st = node->st};
    mode_t mode = node->st.st_mode;
    if (S_ISSOCK(mode))
        return TRUE;
    if (S_ISDIR(mode))
        return sender_put_directory(s, node, &entry, error);
    entry.hard =
        node->st.st_nlink > 1 && !inodes_add(s->linked, &node->st, node->path, &entry.link);
    if (entry.hard)
        return pax_put(s->to, &entry, error);
    if (S_ISREG(mode))
        return sender_put_file(s, node, &entry, error);
    return S_ISLNK(mode) ? sender_put_link(s, node, &entry, error) : pax_put(s->to, &entry, error);
}

gboolean sender_put_whiteout(sender *s, const char *directory, const char *name, GError **error)
{
    g_autofree char *path = g_strdup_printf("%s/" TREE_WHITEOUT "%s", directory, name);
    const struct pax_entry entry = {.path = path, .st = {.st_mode = S_IFREG | 0600}};
    return pax_put(s->to, &entry, error);
}

gboolean sender_finish(sender *s, GError **error)
{
    return pax_finish(s->to, error);
}

/* ---- all of it ---- */

struct send_job {
    sender *to;
    const char *const *excludes;
};

/* GNU tar: wildcards match "/", and what is below an excluded directory is excluded too. */
static gboolean send_is_excluded(const struct send_job *job, const char *path)
{
    for (const char *const *e = job->excludes; e && *e; e++)
        if (fnmatch(*e, path, FNM_LEADING_DIR) == 0)
            return TRUE;
    return FALSE;
}

static enum scan_step send_visit(gpointer data, struct scan_node *node, GError **error)
{
    struct send_job *job = data;
    if (node->up && send_is_excluded(job, node->path))
        return SCAN_SKIP;
    return sender_put(job->to, node, error) ? SCAN_ON : SCAN_STOP;
}

gboolean send_all(int root, const char *const *excludes, int fd, GError **error)
{
    g_autoptr(sender) to = sender_new(fd);
    struct send_job job = {to, excludes};
    const struct scan_visitor visitor = {send_visit, NULL, &job};
    return scan_tree(root, &visitor, error) && sender_finish(to, error);
}

/* ---- names ---- */

struct names_job {
    GString *text;
    int fd;
};

static gboolean names_flush(struct names_job *job, GError **error)
{
    if (!pax_write_all(job->fd, job->text->str, job->text->len)) {
        scan_set_error(error, errno, NULL);
        return FALSE;
    }
    g_string_truncate(job->text, 0);
    return TRUE;
}

static enum scan_step names_visit(gpointer data, struct scan_node *node, GError **error)
{
    struct names_job *job = data;
    if (!node->up)
        return SCAN_ON;
    const char *path = node->path + strlen("./");
    g_string_append_len(job->text, path, (gssize)strlen(path) + 1);
    return job->text->len < 65536 || names_flush(job, error) ? SCAN_ON : SCAN_STOP;
}

gboolean send_names(int root, int fd, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct names_job job = {text, fd};
    const struct scan_visitor visitor = {names_visit, NULL, &job};
    return scan_tree(root, &visitor, error) && names_flush(&job, error);
}

/* ---- usage ---- */

struct usage_job {
    GHashTable *linked;
    guint64 bytes;
};

/* What is not stored here may be holes, or compressed. */
static guint64 usage_of_data(const struct scan_node *node)
{
    guint64 size = (guint64)node->st.st_size;
    if (!S_ISREG(node->st.st_mode) || (guint64)node->st.st_blocks * 512 >= size)
        return size;
    struct stat st;
    int fd = scan_open_file(node->at, node->name, &st);
    g_autoptr(GArray) extents = fd < 0 ? NULL : holes_find(fd, size);
    if (fd >= 0)
        close(fd);
    if (!extents)
        return size;
    size = 0;
    for (guint i = 0; i < extents->len; i++)
        size += g_array_index(extents, struct hole_extent, i).length;
    return size;
}

static enum scan_step usage_visit(gpointer data, struct scan_node *node, GError **error)
{
    struct usage_job *job = data;
    (void)error;
    if (!S_ISDIR(node->st.st_mode) && node->st.st_nlink > 1 &&
        !inodes_add(job->linked, &node->st, NULL, NULL))
        return SCAN_SKIP;
    job->bytes += USAGE_BLOCK + (usage_of_data(node) + USAGE_BLOCK - 1) / USAGE_BLOCK * USAGE_BLOCK;
    return SCAN_ON;
}

gboolean send_usage(int root, guint64 *bytes, GError **error)
{
    g_autoptr(GHashTable) linked = inodes_new();
    struct usage_job job = {linked, 0};
    const struct scan_visitor visitor = {usage_visit, NULL, &job};
    if (!scan_tree(root, &visitor, error))
        return FALSE;
    *bytes = job.bytes;
    return TRUE;
}
