/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/ext.h"

#include "base/error.h"
#include "base/text.h"
#include "rootfs/blocks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define HOPS_MAX   40u    /* as path_resolution(7) */
#define PATH_BYTES 4096u  /* PATH_MAX */
#define LINKS_MAX  65000u /* EXT4_LINK_MAX of the kernel */

/* A file, link or directory; hard links share one.  All belong to ext.nodes. */
struct node {
    ext2_ino_t ino;
    struct ext2_inode inode;
    gconstpointer owner;
    char *target;       /* of a symbolic link */
    GHashTable *names;  /* of a directory: name -> its number in entries */
    GPtrArray *entries; /* of a directory: struct entry *, in order of creation */
    struct node *parent;
};

struct entry {
    char *name;
    struct node *node;
};

struct ext {
    struct blocks blocks;
    GPtrArray *nodes; /* the first one is the root */
    /* The file that is being written: */
    GArray *runs;
    char *path;
    guint64 size, written;
};

static gboolean ext_fail(errcode_t code, const char *what, const char *path, GError **error)
{
    g_autofree char *shown = text_printable(path, -1);
    gboolean full = code == EXT2_ET_BLOCK_ALLOC_FAIL || code == EXT2_ET_INODE_ALLOC_FAIL;
    if (full)
        ingot_set_error(error, INGOT_EXIT_INSTALL, "raise disk.size in the recipe",
                        "the packages do not fit on the disk: no space for %s", shown);
    else if (code == ENOSPC)
        ingot_set_error(error, INGOT_EXIT_HOST, "free some space on this host",
                        "cannot %s %s in the new file system: the disk of this host is full", what,
                        shown);
    else
        ingot_set_error(error, INGOT_EXIT_INSTALL, NULL, "cannot %s %s in the new file system: %s",
                        what, shown, error_message(code));
    return FALSE;
}

/* ---- nodes ---- */

static void node_free(gpointer data)
{
    struct node *n = data;
    g_free(n->target);
    g_clear_pointer(&n->names, g_hash_table_unref);
    g_clear_pointer(&n->entries, g_ptr_array_unref);
    g_free(n);
}

static void entry_free(gpointer data)
{
    struct entry *e = data;
    g_free(e->name);
    g_free(e);
}

static gboolean is_directory(const struct node *n)
{
    return LINUX_S_ISDIR(n->inode.i_mode);
}

static void set_meta(struct node *n, guint type, const struct ext_meta *meta)
{
    n->inode.i_mode = (guint16)(type | (meta->mode & 07777));
    n->inode.i_uid = (guint16)meta->uid;
    ext2fs_set_i_uid_high(n->inode, meta->uid >> 16);
    n->inode.i_gid = (guint16)meta->gid;
    ext2fs_set_i_gid_high(n->inode, meta->gid >> 16);
    n->inode.i_atime = n->inode.i_ctime = n->inode.i_mtime =
        (guint32)CLAMP(meta->mtime, 0, (gint64)G_MAXINT32);
    n->owner = meta->owner;
}

static struct node *add_node(ext *e, guint type, const struct ext_meta *meta)
{
    struct node *n = g_new0(struct node, 1);
    set_meta(n, type, meta);
    if (type == LINUX_S_IFDIR) {
        n->names = g_hash_table_new(g_str_hash, g_str_equal);
        n->entries = g_ptr_array_new_with_free_func(entry_free);
    }
    g_ptr_array_add(e->nodes, n);
    return n;
}

static struct entry *ext_find(const struct node *directory, const char *name)
{
    return directory->names ? g_hash_table_lookup(directory->names, name) : NULL;
}

static void add_entry(struct node *directory, const char *name, struct node *n)
{
    struct entry *entry = g_new0(struct entry, 1);
    entry->name = g_strdup(name);
    entry->node = n;
    g_ptr_array_add(directory->entries, entry);
    g_hash_table_insert(directory->names, entry->name, entry);
}

/* ---- opening ---- */

/* mke2fs's contents: a root directory with lost+found, which has no table of names, so nothing can
 * be put into it. */
static errcode_t read_root(ext *e)
{
    const struct ext_meta meta = {.mode = 0755};
    struct node *root = add_node(e, LINUX_S_IFDIR, &meta);
    root->ino = EXT2_ROOT_INO;
    root->parent = root;
    errcode_t code = ext2fs_read_inode(e->blocks.fs, EXT2_ROOT_INO, &root->inode);
    if (code)
        return code;
    ext2_ino_t lost = 0;
    root->inode.i_links_count = 2;
    if (ext2fs_lookup(e->blocks.fs, EXT2_ROOT_INO, "lost+found", 10, NULL, &lost) == 0) {
        struct node *n = g_new0(struct node, 1);
        g_ptr_array_add(e->nodes, n);
        n->ino = lost;
        n->parent = root;
        add_entry(root, "lost+found", n);
        root->inode.i_links_count++;
        code = ext2fs_read_inode(e->blocks.fs, lost, &n->inode);
    }
    return code ? code : blocks_free(&e->blocks, EXT2_ROOT_INO, &root->inode);
}

static errcode_t open_image(ext *e, const char *image, guint64 offset)
{
    g_autofree char *options = g_strdup_printf("offset=%" G_GUINT64_FORMAT, offset);
    e->blocks.fd = open(image, O_RDWR | O_CLOEXEC);
    if (e->blocks.fd < 0)
        return errno;
    e->blocks.offset = offset;
    errcode_t code = ext2fs_open2(image, options, EXT2_FLAG_RW | EXT2_FLAG_64BITS, 0, 0,
                                  unix_io_manager, &e->blocks.fs);
    if (!code)
        code = ext2fs_read_bitmaps(e->blocks.fs);
    return code ? code : read_root(e);
}

ext *ext_open(const char *image, guint64 offset, GError **error)
{
    static gsize once = 0;
    if (g_once_init_enter(&once)) {
        initialize_ext2_error_table();
        g_once_init_leave(&once, 1);
    }
    g_autoptr(ext) e = g_new0(ext, 1);
    e->nodes = g_ptr_array_new_with_free_func(node_free);
    e->runs = g_array_new(FALSE, FALSE, sizeof(struct run));
    errcode_t code = open_image(e, image, offset);
    if (code) {
        ext_fail(code, "open", image, error);
        return NULL;
    }
    g_assert(e->blocks.fs); /* as ext2fs_open2 has not failed */
    e->blocks.goal = e->blocks.fs->super->s_first_data_block;
    return g_steal_pointer(&e);
}

void ext_abandon(ext *e)
{
    if (!e)
        return;
    if (e->blocks.fs)
        ext2fs_free(e->blocks.fs);
    if (e->blocks.fd >= 0)
        close(e->blocks.fd);
    g_ptr_array_unref(e->nodes);
    g_array_unref(e->runs);
    g_free(e->path);
    g_free(e);
}

/* ---- paths ---- */

/* A walk through the tree: where it is, and the parts still to go, the next one last. */
struct walk {
    ext *e;
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

static errcode_t make_directory(ext *e, struct node *parent, const char *name,
                                const struct ext_meta *meta, struct node **made)
{
    ext2_ino_t ino = 0;
    if (!parent->names)
        return EXT2_ET_NO_DIRECTORY;
    if (strlen(name) > EXT2_NAME_LEN)
        return ENAMETOOLONG;
    if (parent->inode.i_links_count >= LINKS_MAX)
        return EMLINK;
    errcode_t code = blocks_new_inode(&e->blocks, TRUE, &ino);
    if (code)
        return code;
    struct node *n = add_node(e, LINUX_S_IFDIR, meta);
    n->ino = ino;
    n->parent = parent;
    n->inode.i_links_count = 2;
    parent->inode.i_links_count++;
    add_entry(parent, name, n);
    *made = n;
    return 0;
}

static errcode_t ext_step(struct walk *w, const char *part)
{
    static const struct ext_meta usual = {.mode = 0755};
    if (strcmp(part, "..") == 0) {
        w->at = w->at->parent;
        return 0;
    }
    const struct entry *entry = ext_find(w->at, part);
    if (!entry)
        return w->make ? make_directory(w->e, w->at, part, &usual, &w->at) : EXT2_ET_FILE_NOT_FOUND;
    if (entry->node->target) {
        if (++w->hops > HOPS_MAX)
            return EXT2_ET_SYMLINK_LOOP;
        if (*entry->node->target == '/')
            w->at = g_ptr_array_index(w->e->nodes, 0);
        push_parts(w->todo, entry->node->target);
        return 0;
    }
    if (!is_directory(entry->node))
        return EXT2_ET_NO_DIRECTORY;
    w->at = entry->node;
    return 0;
}

/* Where a path leads: a directory and a name in it, "" for the directory itself.  whole: a link in
 * the last part is followed. */
static errcode_t ext_resolve(ext *e, const char *path, gboolean whole, gboolean make,
                             struct node **directory, char **name)
{
    g_autoptr(GPtrArray) todo = g_ptr_array_new_with_free_func(g_free);
    struct walk w = {.e = e, .at = g_ptr_array_index(e->nodes, 0), .todo = todo, .make = make};
    errcode_t code = strlen(path) < PATH_BYTES ? 0 : ENAMETOOLONG;
    *name = NULL;
    if (!code)
        push_parts(todo, path);
    while (!code && todo->len) {
        g_autofree char *part = g_ptr_array_steal_index(todo, todo->len - 1);
        const struct entry *entry = ext_find(w.at, part);
        gboolean last = todo->len == 0 && strcmp(part, "..") != 0;
        if (last && !(whole && entry && entry->node->target)) {
            *name = g_steal_pointer(&part);
            break;
        }
        code = ext_step(&w, part);
    }
    if (!code && !*name)
        *name = g_strdup("");
    *directory = w.at;
    return code;
}

enum ext_kind ext_look(ext *e, const char *path, gconstpointer *owner)
{
    g_autofree char *name = NULL;
    struct node *directory;
    if (ext_resolve(e, path, FALSE, FALSE, &directory, &name))
        return EXT_NONE;
    const struct entry *entry = ext_find(directory, name);
    if (!*name)
        return EXT_DIRECTORY;
    if (!entry)
        return EXT_NONE;
    if (owner)
        *owner = entry->node->owner;
    return is_directory(entry->node) ? EXT_DIRECTORY : entry->node->target ? EXT_LINK : EXT_FILE;
}

gboolean ext_directory(ext *e, const char *path, const struct ext_meta *meta, GError **error)
{
    g_autofree char *name = NULL;
    struct node *directory, *made;
    errcode_t code = ext_resolve(e, path, TRUE, TRUE, &directory, &name);
    const struct entry *there = code ? NULL : ext_find(directory, name);
    if (!code && !*name)
        return TRUE;
    if (!code && there)
        code = is_directory(there->node) ? 0 : EXT2_ET_NO_DIRECTORY;
    else if (!code)
        code = make_directory(e, directory, name, meta, &made);
    return !code || ext_fail(code, "create the directory", path, error);
}

/* ---- files and links ---- */

/* Drops one name of a node, and its data with the last one. */
static errcode_t ext_drop(ext *e, struct node *n)
{
    if (--n->inode.i_links_count)
        return 0;
    errcode_t code = blocks_free(&e->blocks, n->ino, &n->inode);
    if (code)
        return code;
    /* Extents were written with it. */
    memset(&n->inode, 0, sizeof n->inode);
    n->inode.i_dtime = (guint32)(g_get_real_time() / G_USEC_PER_SEC);
    ext2fs_inode_alloc_stats2(e->blocks.fs, n->ino, -1, FALSE);
    return ext2fs_write_inode(e->blocks.fs, n->ino, &n->inode);
}

/* The directory and the name for a new file; an existing file of that name may be replaced. */
static errcode_t find_place(ext *e, const char *path, struct node **directory, char **name)
{
    errcode_t code = ext_resolve(e, path, FALSE, TRUE, directory, name);
    if (code)
        return code;
    if (!(*directory)->names)
        return EXT2_ET_NO_DIRECTORY;
    if (strlen(*name) > EXT2_NAME_LEN)
        return ENAMETOOLONG;
    const struct entry *there = ext_find(*directory, *name);
    return !**name || (there && is_directory(there->node)) ? EISDIR : 0;
}

static errcode_t ext_put(ext *e, struct node *directory, const char *name, struct node *n)
{
    struct entry *there = ext_find(directory, name);
    n->inode.i_links_count++;
    if (!there) {
        add_entry(directory, name, n);
        return 0;
    }
    struct node *old = there->node;
    there->node = n;
    return ext_drop(e, old);
}

/* An inode for a node, with blocks for size bytes: e->runs. */
static errcode_t new_inode(ext *e, struct node *n, guint64 size)
{
    errcode_t code = blocks_new_inode(&e->blocks, FALSE, &n->ino);
    g_array_set_size(e->runs, 0);
    return code ? code : blocks_allocate(&e->blocks, n->ino, &n->inode, size, e->runs);
}

/* A short target is in the inode itself ("fast symlink"), a longer one in a block. */
static errcode_t fill_link(ext *e, struct node *n)
{
    gsize length = strlen(n->target);
    if (length >= sizeof n->inode.i_block) {
        errcode_t code = new_inode(e, n, length);
        return code ? code : blocks_write(&e->blocks, e->runs, 0, n->target, length);
    }
    memcpy(n->inode.i_block, n->target, length);
    n->inode.i_size = (guint32)length;
    return blocks_new_inode(&e->blocks, FALSE, &n->ino);
}

gboolean ext_symlink(ext *e, const char *path, const char *target, const struct ext_meta *meta,
                     GError **error)
{
    g_autofree char *name = NULL;
    struct node *directory;
    struct ext_meta linked = *meta;
    linked.mode = 0777;
    errcode_t code = find_place(e, path, &directory, &name);
    if (code == EISDIR)
        return TRUE;
    if (!code && (!*target || strlen(target) >= PATH_BYTES))
        code = ENAMETOOLONG;
    if (!code) {
        struct node *n = add_node(e, LINUX_S_IFLNK, &linked);
        n->target = g_strdup(target);
        code = fill_link(e, n);
        if (!code)
            code = ext_put(e, directory, name, n);
    }
    return !code || ext_fail(code, "create the link", path, error);
}

gboolean ext_hard_link(ext *e, const char *path, const char *target, GError **error)
{
    g_autofree char *name = NULL, *from = NULL;
    struct node *directory, *source;
    errcode_t code = ext_resolve(e, target, FALSE, FALSE, &source, &from);
    const struct entry *old = code ? NULL : ext_find(source, from);
    if (!old || is_directory(old->node))
        return ext_fail(EXT2_ET_FILE_NOT_FOUND, "link to", target, error);
    struct node *n = old->node;
    code = find_place(e, path, &directory, &name);
    if (!code && n->inode.i_links_count >= LINKS_MAX)
        code = EMLINK;
    if (!code)
        code = ext_put(e, directory, name, n);
    return !code || ext_fail(code, "create the link", path, error);
}

gboolean ext_file_begin(ext *e, const char *path, const struct ext_meta *meta, guint64 size,
                        GError **error)
{
    g_autofree char *name = NULL;
    struct node *directory;
    errcode_t code = find_place(e, path, &directory, &name);
    if (!code) {
        struct node *n = add_node(e, LINUX_S_IFREG, meta);
        code = new_inode(e, n, size);
        if (!code)
            code = ext_put(e, directory, name, n);
    }
    if (code)
        return ext_fail(code, "make", path, error);
    g_free(e->path);
    e->path = g_strdup(path);
    e->size = size;
    e->written = 0;
    return TRUE;
}

gboolean ext_file_data(ext *e, const void *data, gsize length, GError **error)
{
    if (length > e->size - e->written)
        return ext_fail(EXT2_ET_FILE_TOO_BIG, "write", e->path, error);
    errcode_t code = blocks_write(&e->blocks, e->runs, e->written, data, length);
    e->written += length;
    return !code || ext_fail(code, "write", e->path, error);
}

gboolean ext_file_end(ext *e, GError **error)
{
    /* Beyond the end, the last block keeps the image's bytes: zeros, or, after a replaced file and
     * a full turn around the disk, that file's. */
    static const char zeros[EXT2_MAX_BLOCK_SIZE];
    guint64 rest = e->size % e->blocks.fs->blocksize;
    if (e->written != e->size)
        return ext_fail(EXT2_ET_SHORT_WRITE, "write", e->path, error);
    errcode_t code = rest ? blocks_write(&e->blocks, e->runs, e->size, zeros,
                                         (gsize)(e->blocks.fs->blocksize - rest))
                          : 0;
    return !code || ext_fail(code, "write", e->path, error);
}

gboolean ext_file(ext *e, const char *path, const struct ext_meta *meta, const void *data,
                  gsize length, GError **error)
{
    return ext_file_begin(e, path, meta, length, error) &&
           (!length || ext_file_data(e, data, length, error)) && ext_file_end(e, error);
}

/* ---- closing ---- */

static int entry_type(const struct node *n)
{
    return is_directory(n) ? EXT2_FT_DIR : n->target ? EXT2_FT_SYMLINK : EXT2_FT_REG_FILE;
}

static errcode_t write_directory(ext *e, struct node *n)
{
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(struct directory_entry));
    struct directory_entry item = {".", n->ino, EXT2_FT_DIR};
    g_array_append_val(list, item);
    item = (struct directory_entry){"..", n->parent->ino, EXT2_FT_DIR};
    g_array_append_val(list, item);
    for (guint i = 0; i < n->entries->len; i++) {
        const struct entry *entry = g_ptr_array_index(n->entries, i);
        item = (struct directory_entry){entry->name, entry->node->ino, entry_type(entry->node)};
        g_array_append_val(list, item);
    }
    return blocks_write_directory(&e->blocks, n->ino, &n->inode, list);
}

static errcode_t write_inode(ext *e, struct node *n)
{
    if (!n->ino || !n->inode.i_links_count)
        return 0; /* not finished, or dropped */
    /* The larger part of the inode is already there for root and lost+found. */
    if (n->ino < EXT2_FIRST_INO(e->blocks.fs->super) || (is_directory(n) && !n->names))
        return ext2fs_write_inode(e->blocks.fs, n->ino, &n->inode);
    return ext2fs_write_new_inode(e->blocks.fs, n->ino, &n->inode);
}

static errcode_t write_tree(ext *e)
{
    errcode_t code = 0;
    for (guint i = 0; i < e->nodes->len && !code; i++) {
        struct node *n = g_ptr_array_index(e->nodes, i);
        if (n->names)
            code = write_directory(e, n);
        if (!code)
            code = write_inode(e, n);
    }
    return code;
}

gboolean ext_close(ext *e, GError **error)
{
    errcode_t code = write_tree(e);
    /* This machine reads the image next; a crash before that is a failed build. */
    if (!code)
        code = ext2fs_close2(e->blocks.fs, EXT2_FLAG_FLUSH_NO_SYNC);
    if (!code)
        e->blocks.fs = NULL;
    ext_abandon(e);
    return !code || ext_fail(code, "finish", "the file system", error);
}
