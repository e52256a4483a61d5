/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/walk.h"

#include "image/backend.h"
#include "image/stream.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMES_LIMIT       (128u << 20) /* bytes; a desktop has 30 MiB */
#define DIRECTORIES_LIMIT 30000u       /* each costs some milliseconds */
#define PATHS_LIMIT       1000u        /* of one kind */

/* ---- names ---- */

struct names {
    GHashTable *directories; /* path to GPtrArray of names */
    gsize bytes;
    gboolean cut;
};

static gboolean walk_is_below(const char *path, const char *directory)
{
    gsize length = strlen(directory);
    return strncmp(path, directory, length) == 0 && (!path[length] || path[length] == '/');
}

static gboolean is_below_any(const char *path, const char *const *directories)
{
    for (; *directories; directories++)
        if (walk_is_below(path, *directories))
            return TRUE;
    return FALSE;
}

/* Texts of packages: nothing runs what they say, and half of all directories are here. */
static gboolean walk_is_wanted(const char *directory)
{
    static const char *const looked[] = {"/etc",  "/usr",  "/opt", "/srv", "/root",
                                         "/home", "/boot", "/var", "/tmp", NULL};
    static const char *const skipped[] = {"/usr/share/doc", "/usr/share/locale", "/usr/share/man",
                                          NULL};
    return is_below_any(directory, looked) && !is_below_any(directory, skipped);
}

static void walk_add_name(struct names *n, const char *path)
{
    const char *slash = strrchr(path, '/');
    g_autofree char *directory =
        g_strdup_printf("/%.*s", slash ? (int)(slash - path) : 0, slash ? path : "");
    if (!walk_is_wanted(directory))
        return;
    GPtrArray *names = g_hash_table_lookup(n->directories, directory);
    if (!names && g_hash_table_size(n->directories) >= DIRECTORIES_LIMIT) {
        n->cut = TRUE;
        return;
    }
    if (!names) {
        names = g_ptr_array_new_with_free_func(g_free);
        g_hash_table_insert(n->directories, g_steal_pointer(&directory), names);
    }
    g_ptr_array_add(names, g_strdup(slash ? slash + 1 : path));
}

/* Anything beyond the limit is read and dropped. */
static gboolean read_names(int fd, gpointer data, GError **error)
{
    struct names *n = data;
    g_autoptr(GString) path = g_string_new(NULL);
    char buffer[65536];
    ssize_t got;
    (void)error;
    while ((got = read(fd, buffer, sizeof buffer)) > 0) {
        n->bytes += (gsize)got;
        n->cut |= n->bytes > NAMES_LIMIT;
        for (ssize_t i = 0; i < got && !n->cut; i++) {
            if (buffer[i]) {
                g_string_append_c(path, buffer[i]);
                continue;
            }
            walk_add_name(n, path->str);
            g_string_truncate(path, 0);
        }
    }
    return TRUE;
}

/* ---- modes and sizes ---- */

static void walk_keep(struct guest_walk *walk, GPtrArray *paths, const char *path)
{
    if (paths->len < PATHS_LIMIT)
        g_ptr_array_add(paths, g_strdup(path));
    else
        walk->cut = TRUE;
}

static void walk_judge(struct guest_walk *walk, const char *path, const struct guest_stat *info)
{
    static const char *const temporary[] = {"/tmp", "/var/tmp", "/var/lock", "/var/run", NULL};
    static const char *const of_users[] = {"/home", "/root", "/srv", "/tmp", "/var/tmp", NULL};
    mode_t mode = (mode_t)info->mode; /* 0: gone, or the file system is broken */
    gboolean file = S_ISREG(mode);
    if ((mode & S_IWOTH) && (file || (S_ISDIR(mode) && !(mode & S_ISVTX))) &&
        !is_below_any(path, temporary))
        walk_keep(walk, walk->writable, path);
    if (file && (mode & (S_ISUID | S_ISGID)) && is_below_any(path, of_users))
        walk_keep(walk, walk->set_id, path);
    if (file && info->size > 0 && walk_is_below(path, "/var/log"))
        walk_keep(walk, walk->logs, path);
    if (file && info->size > WALK_LARGE)
        walk_keep(walk, walk->large, path);
}

static gboolean judge_directory(guest *g, const char *directory, GPtrArray *names, GError **error)
{
    g_ptr_array_add(names, NULL);
    g_autoptr(GArray) infos =
        g->backend->stat_list(g, directory, (char *const *)names->pdata, error);
    if (!infos)
        return guest_fail(g, error, "look at %s in the guest", directory);
    for (guint i = 0; i < infos->len && i < names->len - 1; i++) {
        g_autofree char *path = g_build_filename(directory, g_ptr_array_index(names, i), NULL);
        walk_judge(g->walk, path, &g_array_index(infos, struct guest_stat, i));
    }
    return TRUE;
}

static gint walk_by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static gboolean judge_all(guest *g, GHashTable *directories, GError **error)
{
    GHashTableIter iter;
    gpointer directory, names;
    g_hash_table_iter_init(&iter, directories);
    while (g_hash_table_iter_next(&iter, &directory, &names))
        if (!judge_directory(g, directory, names, error))
            return FALSE;
    GPtrArray *const lists[] = {g->walk->writable, g->walk->set_id, g->walk->logs, g->walk->large};
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
        g_ptr_array_sort(lists[i], walk_by_text);
    return TRUE;
}

void guest_walk_free(struct guest_walk *walk)
{
    if (!walk)
        return;
    g_ptr_array_unref(walk->writable);
    g_ptr_array_unref(walk->set_id);
    g_ptr_array_unref(walk->logs);
    g_ptr_array_unref(walk->large);
    g_free(walk);
}

static struct guest_walk *walk_new(void)
{
    struct guest_walk *walk = g_new0(struct guest_walk, 1);
    walk->writable = g_ptr_array_new_with_free_func(g_free);
    walk->set_id = g_ptr_array_new_with_free_func(g_free);
    walk->logs = g_ptr_array_new_with_free_func(g_free);
    walk->large = g_ptr_array_new_with_free_func(g_free);
    return walk;
}

const struct guest_walk *guest_walk(guest *g, GError **error)
{
    if (g->walk)
        return g->walk;
    g_autoptr(GHashTable) directories =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    struct names names = {directories, 0, FALSE};
    if (!stream_names(g, "/", read_names, &names, error))
        return NULL;
    g->walk = walk_new();
    g->walk->cut = names.cut;
    if (judge_all(g, directories, error))
        return g->walk;
    g_clear_pointer(&g->walk, guest_walk_free);
    return NULL;
}
