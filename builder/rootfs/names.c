/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/names.h"

#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define HOPS_MAX   40u    /* as path_resolution(7) */
#define PATH_BYTES 4096u  /* PATH_MAX */
#define NAME_BYTES 255u   /* NAME_MAX */
#define LINKS_MAX  65000u /* EXT4_LINK_MAX of the kernel */

/* What a directory has besides. */
struct folder {
    struct node *parent;
    const char *name;   /* its own, in parent */
    GHashTable *names;  /* name -> struct entry *; NULL: nothing can be put into it */
    GPtrArray *entries; /* struct entry *, in order of creation */
};

/* A file, link or directory; the names of hard links share one. */
struct node {
    guint64 id;
    gconstpointer owner;
    union {
        struct folder *folder; /* of a directory */
        char *target;          /* of a symbolic link */
    };
    guint type, links;
};

struct entry {
    struct node *node;
    char name[];
};

struct names {
    const struct names_target *target;
    gpointer to;
    GPtrArray *directories; /* struct node *, owned; the first one is the root */
    /* The file that is being written: */
    char *path;
    guint64 size, written;
};

static const struct names_meta names_usual = {.mode = 0755};

gboolean names_refuse(const char *what, const char *path, const char *why, GError **error)
{
    g_autofree char *shown = text_printable(path, -1);
    ingot_set_error(error, INGOT_EXIT_INSTALL, NULL, "cannot %s %s in the new file system: %s",
                    what, shown, why);
    return FALSE;
}

/* cause: an errno. */
static gboolean names_errno(int cause, const char *what, const char *path, GError **error)
{
    return names_refuse(what, path, g_strerror(cause), error);
}

char *names_clean(const char *raw)
{
    g_auto(GStrv) parts = g_strsplit(raw ? raw : "..", "/", -1);
    GString *path = g_string_new(NULL);
    gboolean good = TRUE;
    for (char **part = parts; *part; part++) {
        if (strcmp(*part, "..") == 0)
            good = FALSE;
        if (**part && strcmp(*part, ".") != 0)
            g_string_append_printf(path, "%s%s", path->len ? "/" : "", *part);
    }
    return g_string_free(path, !good);
}

/* ---- nodes ---- */

static void node_free(struct node *n)
{
    g_free(n->target);
    g_free(n);
}

/* Directories belong to names.directories. */
static void entry_free(gpointer data)
{
    struct entry *e = data;
    if (e->node->type != S_IFDIR && --e->node->links == 0)
        node_free(e->node);
    g_free(e);
}

static void directory_free(gpointer data)
{
    struct node *n = data;
    g_clear_pointer(&n->folder->names, g_hash_table_unref);
    g_ptr_array_unref(n->folder->entries);
    g_free(n->folder);
    g_free(n);
}

static gboolean is_directory(const struct node *n)
{
    return n->type == S_IFDIR;
}

static struct entry *names_find(const struct node *directory, const char *name)
{
    return directory->folder->names ? g_hash_table_lookup(directory->folder->names, name) : NULL;
}

static struct node *names_node(guint type, guint64 id)
{
    struct node *n = g_new0(struct node, 1);
    n->type = type;
    n->id = id;
    return n;
}

/* open: something can be put into it. */
static struct node *directory_new(names *n, struct node *parent, guint64 id, gboolean open)
{
    struct node *made = names_node(S_IFDIR, id);
    made->links = 2;
    made->folder = g_new0(struct folder, 1);
    made->folder->parent = parent ? parent : made;
    made->folder->name = "";
    made->folder->names = open ? g_hash_table_new(g_str_hash, g_str_equal) : NULL;
    made->folder->entries = g_ptr_array_new_with_free_func(entry_free);
    g_ptr_array_add(n->directories, made);
    return made;
}

static const char *entry_add(struct node *directory, const char *name, struct node *node)
{
    gsize length = strlen(name) + 1;
    struct entry *entry = g_malloc(sizeof *entry + length);
    entry->node = node;
    memcpy(entry->name, name, length);
    g_ptr_array_add(directory->folder->entries, entry);
    g_hash_table_insert(directory->folder->names, entry->name, entry);
    return entry->name;
}

static struct node *directory_add(names *n, struct node *parent, const char *name, guint64 id,
                                  gboolean open)
{
    struct node *made = directory_new(n, parent, id, open);
    made->folder->name = entry_add(parent, name, made);
    parent->links++;
    return made;
}

names *names_new(const struct names_target *target, gpointer to, guint64 root)
{
    names *n = g_new0(names, 1);
    n->target = target;
    n->to = to;
    n->directories = g_ptr_array_new_with_free_func(directory_free);
    directory_new(n, NULL, root, TRUE);
    return n;
}

void names_adopt(names *n, const char *name, guint64 id)
{
    directory_add(n, g_ptr_array_index(n->directories, 0), name, id, FALSE);
}

/* Entries look at their nodes when they are freed: those of directories go last. */
static void directory_empty(gpointer data, gpointer user)
{
    const struct node *n = data;
    (void)user;
    g_ptr_array_set_size(n->folder->entries, 0);
}

void names_free(names *n)
{
    if (!n)
        return;
    g_ptr_array_foreach(n->directories, directory_empty, NULL);
    g_ptr_array_unref(n->directories);
    g_free(n->path);
    g_free(n);
}

/* ---- paths ---- */

/* The path of a name in a directory, through no link. */
static char *names_path(const struct node *directory, const char *name)
{
    GString *path = g_string_new(name);
    for (; *directory->folder->name; directory = directory->folder->parent) {
        g_string_prepend_c(path, '/');
        g_string_prepend(path, directory->folder->name);
    }
    return g_string_free(path, FALSE);
}

/* Where a path leads: a directory and a name in it, "" for the directory itself. */
typedef struct place {
    struct node *directory;
    char *name;
} place;

static void place_clear(place *p)
{
    g_clear_pointer(&p->name, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(place, place_clear)

/* A walk through the tree: where it is, and the parts still to go, the next one last. */
struct walk {
    names *n;
    const char *path, *what; /* for messages */
    struct node *at;
    GPtrArray *todo;
    guint hops;
    gboolean make; /* missing parents */
};

static void push_parts(GPtrArray *todo, const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    for (guint i = g_strv_length(parts); i-- > 0;)
        if (*parts[i] && strcmp(parts[i], ".") != 0)
            g_ptr_array_add(todo, g_strdup(parts[i]));
}

static struct node *make_directory(const struct walk *w, const place *at,
                                   const struct names_meta *meta, GError **error)
{
    const struct names_item item = {.type = S_IFDIR, .meta = meta};
    guint64 id = 0;
    int cause = !at->directory->folder->names       ? ENOTDIR
                : strlen(at->name) > NAME_BYTES     ? ENAMETOOLONG
                : at->directory->links >= LINKS_MAX ? EMLINK
                                                    : 0;
    if (cause) {
        names_errno(cause, w->what, w->path, error);
        return NULL;
    }
    g_autofree char *path = names_path(at->directory, at->name);
    if (!w->n->target->make(w->n->to, path, &item, &id, error))
        return NULL;
    return directory_add(w->n, at->directory, at->name, id, TRUE);
}

static gboolean follow_link(struct walk *w, const char *target, GError **error)
{
    if (++w->hops > HOPS_MAX)
        return names_errno(ELOOP, w->what, w->path, error);
    if (*target == '/')
        w->at = g_ptr_array_index(w->n->directories, 0);
    push_parts(w->todo, target);
    return TRUE;
}

static gboolean walk_step(struct walk *w, char *part, GError **error)
{
    const place at = {w->at, part};
    const struct entry *entry = names_find(w->at, part);
    if (strcmp(part, "..") == 0)
        w->at = w->at->folder->parent;
    else if (entry && entry->node->type == S_IFLNK)
        return follow_link(w, entry->node->target, error);
    else if (entry && is_directory(entry->node))
        w->at = entry->node;
    else if (entry || !w->make)
        return names_errno(entry ? ENOTDIR : ENOENT, w->what, w->path, error);
    else
        return (w->at = make_directory(w, &at, &names_usual, error)) != NULL;
    return TRUE;
}

/* whole: a link in the last part is followed. */
static gboolean walk_whole(struct walk *w, gboolean whole, place *to, GError **error)
{
    while (w->todo->len) {
        g_autofree char *part = g_ptr_array_steal_index(w->todo, w->todo->len - 1);
        const struct entry *entry = names_find(w->at, part);
        gboolean last = w->todo->len == 0 && strcmp(part, "..") != 0;
        if (last && !(whole && entry && entry->node->type == S_IFLNK)) {
            to->name = g_steal_pointer(&part);
            break;
        }
        if (!walk_step(w, part, error))
            return FALSE;
    }
    to->directory = w->at;
    if (!to->name)
        to->name = g_strdup("");
    return TRUE;
}

static gboolean names_resolve(names *n, const char *path, const char *what, gboolean whole,
                              gboolean make, place *to, GError **error)
{
    g_autoptr(GPtrArray) todo = g_ptr_array_new_with_free_func(g_free);
    struct walk w = {n, path, what, g_ptr_array_index(n->directories, 0), todo, 0, make};
    if (strlen(path) >= PATH_BYTES)
        return names_errno(ENAMETOOLONG, what, path, error);
    push_parts(todo, path);
    return walk_whole(&w, whole, to, error);
}

enum names_kind names_look(names *n, const char *path, gconstpointer *owner)
{
    g_auto(place) at = {0};
    if (!names_resolve(n, path, "find", FALSE, FALSE, &at, NULL))
        return NAMES_NONE;
    const struct entry *entry = names_find(at.directory, at.name);
    if (!*at.name)
        return NAMES_DIRECTORY;
    if (!entry)
        return NAMES_NONE;
    if (owner)
        *owner = entry->node->owner;
    switch (entry->node->type) {
    case S_IFDIR:
        return NAMES_DIRECTORY;
    case S_IFLNK:
        return NAMES_LINK;
    default:
        return entry->node->type == S_IFREG ? NAMES_FILE : NAMES_SPECIAL;
    }
}

/* ---- directories ---- */

static gboolean change_directory(const names *n, const struct node *there,
                                 const struct names_meta *meta, GError **error)
{
    const struct folder *own = there->folder;
    g_autofree char *path = *own->name ? names_path(own->parent, own->name) : g_strdup("");
    return n->target->change(n->to, path, there->id, meta, error);
}

/* over: an existing one gets the metadata. */
static gboolean put_directory(names *n, const char *path, const struct names_meta *meta,
                              gboolean over, GError **error)
{
    static const char what[] = "create the directory";
    g_auto(place) at = {0};
    if (!names_resolve(n, path, what, TRUE, TRUE, &at, error))
        return FALSE;
    const struct entry *entry = names_find(at.directory, at.name);
    const struct node *there = *at.name ? entry ? entry->node : NULL : at.directory;
    if (there && !is_directory(there))
        return names_errno(ENOTDIR, what, path, error);
    if (there)
        return !over || change_directory(n, there, meta, error);
    const struct walk w = {.n = n, .path = path, .what = what};
    struct node *made = make_directory(&w, &at, meta, error);
    if (made)
        made->owner = meta->owner;
    return made != NULL;
}

gboolean names_directory(names *n, const char *path, const struct names_meta *meta, GError **error)
{
    return put_directory(n, path, meta, FALSE, error);
}

gboolean names_directory_set(names *n, const char *path, const struct names_meta *meta,
                             GError **error)
{
    return put_directory(n, path, meta, TRUE, error);
}

static void add_visited(GArray *entries, const char *name, const struct node *node)
{
    const struct names_entry one = {name, node->id, node->type};
    g_array_append_val(entries, one);
}

gboolean names_each_directory(const names *n, names_visit visit, GError **error)
{
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(struct names_entry));
    for (guint i = 0; i < n->directories->len; i++) {
        const struct node *node = g_ptr_array_index(n->directories, i);
        const struct names_directory d = {node->id, node->links, entries};
        if (!node->folder->names)
            continue;
        g_array_set_size(entries, 0);
        add_visited(entries, ".", node);
        add_visited(entries, "..", node->folder->parent);
        for (guint k = 0; k < node->folder->entries->len; k++) {
            const struct entry *entry = g_ptr_array_index(node->folder->entries, k);
            add_visited(entries, entry->name, entry->node);
        }
        if (!visit(n->to, &d, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- files and links ---- */

/* The place of a new file; an existing file of that name may be replaced. */
static gboolean find_place(names *n, const char *path, const char *what, place *at, GError **error)
{
    if (!names_resolve(n, path, what, FALSE, TRUE, at, error))
        return FALSE;
    const struct entry *there = names_find(at->directory, at->name);
    int cause = !at->directory->folder->names                        ? ENOTDIR
                : strlen(at->name) > NAME_BYTES                      ? ENAMETOOLONG
                : !*at->name || (there && is_directory(there->node)) ? EISDIR
                                                                     : 0;
    return !cause || names_errno(cause, what, path, error);
}

/* One name fewer, and the node is gone with the last one. */
static gboolean names_drop(names *n, struct node *node, GError **error)
{
    guint64 id = node->id;
    guint left = --node->links;
    if (!left)
        node_free(node);
    return !n->target->drop || n->target->drop(n->to, id, left, error);
}

/* Gives a node a name. */
static gboolean names_put(names *n, const place *at, struct node *node, GError **error)
{
    struct entry *there = names_find(at->directory, at->name);
    node->links++;
    if (!there) {
        entry_add(at->directory, at->name, node);
        return TRUE;
    }
    struct node *old = there->node;
    there->node = node;
    return names_drop(n, old, error);
}

static gboolean names_make(names *n, const place *at, const struct names_item *item, GError **error)
{
    g_autofree char *path = names_path(at->directory, at->name);
    guint64 id = 0;
    if (!n->target->make(n->to, path, item, &id, error))
        return FALSE;
    struct node *made = names_node(item->type, id);
    made->owner = item->meta->owner;
    made->target = g_strdup(item->link);
    return names_put(n, at, made, error);
}

gboolean names_symlink(names *n, const char *path, const char *target,
                       const struct names_meta *meta, GError **error)
{
    static const char what[] = "create the link";
    struct names_meta linked = *meta;
    const struct names_item item = {.type = S_IFLNK, .link = target, .meta = &linked};
    g_auto(place) at = {0};
    linked.mode = 0777;
    if (names_look(n, path, NULL) == NAMES_DIRECTORY)
        return TRUE;
    if (!*target || strlen(target) >= PATH_BYTES)
        return names_errno(*target ? ENAMETOOLONG : EINVAL, what, path, error);
    return find_place(n, path, what, &at, error) && names_make(n, &at, &item, error);
}

gboolean names_hard_link(names *n, const char *path, const char *target, GError **error)
{
    static const char what[] = "create the link";
    g_auto(place) at = {0}, from = {0};
    if (!names_resolve(n, target, "link to", FALSE, FALSE, &from, error))
        return FALSE;
    const struct entry *old = names_find(from.directory, from.name);
    if (!old || is_directory(old->node))
        return names_errno(old ? EISDIR : ENOENT, "link to", target, error);
    struct node *node = old->node;
    if (!find_place(n, path, what, &at, error))
        return FALSE;
    const struct entry *there = names_find(at.directory, at.name);
    if (there && there->node == node)
        return TRUE;
    if (node->links >= LINKS_MAX)
        return names_errno(EMLINK, what, path, error);
    g_autofree char *to_path = names_path(at.directory, at.name);
    g_autofree char *from_path = names_path(from.directory, from.name);
    return n->target->link(n->to, to_path, from_path, node->id, node->links + 1, error) &&
           names_put(n, &at, node, error);
}

gboolean names_special(names *n, const char *path, guint type, guint major, guint minor,
                       const struct names_meta *meta, GError **error)
{
    const struct names_item item = {.type = type, .major = major, .minor = minor, .meta = meta};
    g_auto(place) at = {0};
    return find_place(n, path, "make", &at, error) && names_make(n, &at, &item, error);
}

gboolean names_file_begin(names *n, const char *path, const struct names_meta *meta, guint64 size,
                          GError **error)
{
    const struct names_item item = {.type = S_IFREG, .size = size, .meta = meta};
    g_auto(place) at = {0};
    if (!find_place(n, path, "make", &at, error) || !names_make(n, &at, &item, error))
        return FALSE;
    g_free(n->path);
    n->path = g_strdup(path);
    n->size = size;
    n->written = 0;
    return TRUE;
}

gboolean names_file_data(names *n, const void *data, gsize length, GError **error)
{
    if (length > n->size - n->written)
        return names_errno(EFBIG, "write", n->path, error);
    n->written += length;
    return n->target->data(n->to, data, length, error);
}

gboolean names_file_end(names *n, GError **error)
{
    if (n->written != n->size)
        return names_refuse("write", n->path, "its content is incomplete", error);
    return n->target->end(n->to, error);
}

gboolean names_file(names *n, const char *path, const struct names_meta *meta, const void *data,
                    gsize length, GError **error)
{
    return names_file_begin(n, path, meta, length, error) &&
           (!length || names_file_data(n, data, length, error)) && names_file_end(n, error);
}
