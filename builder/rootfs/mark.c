/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/mark.h"

#include "rootfs/inodes.h"
#include "rootfs/send.h"
#include "rootfs/tree.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define MARK_NONE G_MAXUINT32
#define MARK_WAIT 2 /* seconds: more than a tick of any kernel */

/* In the order of the walk: what is in a directory follows it. */
struct mark_node {
    guint64 inode;
    gint64 changed;    /* ctime in nanoseconds */
    guint32 name, end; /* where its name is, and the first node that is not below it */
};

struct mark {
    GArray *nodes; /* of struct mark_node */
    GString *names;
    gint64 newest;
};

static gint64 mark_time(const struct timespec *time)
{
    return (gint64)time->tv_sec * G_GINT64_CONSTANT(1000000000) + time->tv_nsec;
}

static struct mark_node *mark_at(const mark *m, guint index)
{
    return &g_array_index(m->nodes, struct mark_node, index);
}

void mark_free(mark *m)
{
    if (!m)
        return;
    g_array_unref(m->nodes);
    g_string_free(m->names, TRUE);
    g_free(m);
}

/* ---- remembering ---- */

static enum scan_step mark_visit(gpointer data, struct scan_node *node, GError **error)
{
    mark *m = data;
    if (m->names->len > G_MAXUINT32 - 4096 || m->nodes->len >= MARK_NONE - 1) {
        scan_set_error(error, E2BIG, node->path);
        return SCAN_STOP;
    }
    const struct mark_node new = {node->st.st_ino, mark_time(&node->st.st_ctim),
                                  (guint32)m->names->len, m->nodes->len + 1};
    node->mark = m->nodes->len;
    g_array_append_val(m->nodes, new);
    g_string_append_len(m->names, node->name, (gssize)strlen(node->name) + 1);
    m->newest = MAX(m->newest, new.changed);
    return SCAN_ON;
}

static gboolean mark_leave(gpointer data, struct scan_node *node, GError **error)
{
    const mark *m = data;
    (void)error;
    mark_at(m, node->mark)->end = m->nodes->len;
    return TRUE;
}

/* The kernel stamps a change with the time of its last tick (clock_gettime(2),
 * CLOCK_REALTIME_COARSE).  A change in the tick of the newest stamp would look as it was before. */
static void mark_wait_for_tick(gint64 newest)
{
    gint64 limit = g_get_monotonic_time() + MARK_WAIT * G_USEC_PER_SEC;
    struct timespec now;
    while (clock_gettime(CLOCK_REALTIME_COARSE, &now) == 0 && mark_time(&now) <= newest &&
           g_get_monotonic_time() < limit)
        (void)g_poll(NULL, 0, 1);
}

mark *mark_take(int root, GError **error)
{
    g_autoptr(mark) m = g_new0(mark, 1);
    m->nodes = g_array_new(FALSE, FALSE, sizeof(struct mark_node));
    m->names = g_string_new(NULL);
    const struct scan_visitor visitor = {mark_visit, mark_leave, m};
    if (!scan_tree(root, &visitor, error))
        return NULL;
    mark_wait_for_tick(m->newest);
    return g_steal_pointer(&m);
}

/* ---- what has changed ---- */

/* node->mark is the node's own in the mark, and node->next where its directory's names are read
 * from: of a directory, the first of those that have not been met. */
struct mark_search {
    const mark *old;    /* NULL: everything is new */
    GHashTable *linked; /* inodes that have to be sent, with all their names */
    sender *to;         /* NULL: only linked is wanted */
};

static const char *mark_name(const mark *m, guint index)
{
    return m->names->str + mark_at(m, index)->name;
}

/* Directories on the way are sent too: putting something into them changes their times. */
static gboolean mark_put(const struct mark_search *s, struct scan_node *node, GError **error)
{
    if (node->sent)
        return TRUE;
    if (node->up && !mark_put(s, node->up, error))
        return FALSE;
    node->sent = TRUE;
    return sender_put(s->to, node, error);
}

static gboolean mark_put_gone(const struct mark_search *s, struct scan_node *directory, guint index,
                              GError **error)
{
    return !s->to || (mark_put(s, directory, error) &&
                      sender_put_whiteout(s->to, directory->path, mark_name(s->old, index), error));
}

/* Everything that the directory had before this name (NULL: to the end) and has no more. */
static gboolean mark_pass(const struct mark_search *s, struct scan_node *directory,
                          const char *name, GError **error)
{
    if (directory->mark == MARK_NONE)
        return TRUE;
    guint end = mark_at(s->old, directory->mark)->end;
    while (directory->next < end &&
           (!name || strcmp(mark_name(s->old, directory->next), name) < 0)) {
        if (!mark_put_gone(s, directory, directory->next, error))
            return FALSE;
        directory->next = mark_at(s->old, directory->next)->end;
    }
    return TRUE;
}

/* Finds the node in the mark. */
static gboolean mark_meet(const struct mark_search *s, struct scan_node *node, GError **error)
{
    struct scan_node *up = node->up;
    node->mark = up || !s->old ? MARK_NONE : 0;
    if (up && up->mark != MARK_NONE) {
        if (!mark_pass(s, up, node->name, error))
            return FALSE;
        if (up->next < mark_at(s->old, up->mark)->end &&
            strcmp(mark_name(s->old, up->next), node->name) == 0) {
            node->mark = up->next;
            up->next = mark_at(s->old, up->next)->end;
        }
    }
    node->next = node->mark + 1;
    return TRUE;
}

static gboolean mark_is_same(const struct mark_search *s, const struct scan_node *node)
{
    if (node->mark == MARK_NONE)
        return FALSE;
    const struct mark_node *old = mark_at(s->old, node->mark);
    return old->inode == node->st.st_ino && old->changed == mark_time(&node->st.st_ctim);
}

static gboolean mark_check_name(const struct scan_node *node, GError **error)
{
    if (!g_str_has_prefix(node->name, TREE_WHITEOUT))
        return TRUE;
    g_set_error(error, TREE_ERROR, EINVAL, "%s: a layer cannot hold a name that begins with %s",
                node->path, TREE_WHITEOUT);
    return FALSE;
}

static enum scan_step mark_compare(gpointer data, struct scan_node *node, GError **error)
{
    const struct mark_search *s = data;
    gboolean several = !S_ISDIR(node->st.st_mode) && node->st.st_nlink > 1;
    if (!mark_check_name(node, error) || !mark_meet(s, node, error))
        return SCAN_STOP;
    gboolean same = mark_is_same(s, node);
    if (S_ISSOCK(node->st.st_mode)) /* an archive has none */
        return same || node->mark == MARK_NONE || mark_put_gone(s, node->up, node->mark, error)
                   ? SCAN_ON
                   : SCAN_STOP;
    if (!s->to && several && !same)
        (void)inodes_add(s->linked, &node->st, NULL, NULL);
    if (!s->to || (same && !(several && inodes_has(s->linked, &node->st))))
        return SCAN_ON;
    return mark_put(s, node, error) ? SCAN_ON : SCAN_STOP;
}

static gboolean mark_compare_rest(gpointer data, struct scan_node *node, GError **error)
{
    return mark_pass(data, node, NULL, error);
}

static gboolean mark_walk(struct mark_search *s, int root, GError **error)
{
    const struct scan_visitor visitor = {mark_compare, mark_compare_rest, s};
    return scan_tree(root, &visitor, error);
}

gboolean mark_send(const mark *m, int root, int fd, GError **error)
{
    g_autoptr(GHashTable) linked = inodes_new();
    g_autoptr(sender) to = sender_new(fd);
    struct mark_search search = {m, linked, NULL};
    /* A directory may have moved with one of a file's names, which the other names do not show. */
    if (m && !mark_walk(&search, root, error))
        return FALSE;
    search.to = to;
    return mark_walk(&search, root, error) && sender_finish(to, error);
}
