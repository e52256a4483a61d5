/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/ext.h"

#include "base/error.h"
#include "base/text.h"
#include "rootfs/blocks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* i_ctime_extra and the like: the epoch's bits, then nanoseconds (the kernel's
 * Documentation/filesystems/ext4/inodes.rst, "Inode Timestamps"). */
#define EPOCH_BITS  2
#define SECONDS_MIN ((gint64)G_MININT32)
#define SECONDS_MAX (SECONDS_MIN + (G_GINT64_CONSTANT(1) << (32 + EPOCH_BITS)) - 1)

struct ext {
    struct blocks blocks;
    names *names;
    /* The file that is being written: */
    GArray *runs;
    char *path;
    guint64 size, written;
};

static gboolean ext_fail(errcode_t code, const char *what, const char *path, GError **error)
{
    g_autofree char *shown = text_printable(path, -1);
    if (code == EXT2_ET_BLOCK_ALLOC_FAIL || code == EXT2_ET_INODE_ALLOC_FAIL)
        ingot_set_error(error, INGOT_EXIT_INSTALL, "raise disk.size in the recipe",
                        "the files do not fit on the disk: no space for %s", shown);
    else if (code == ENOSPC)
        ingot_set_error(error, INGOT_EXIT_HOST, "free some space on this host",
                        "cannot %s %s in the new file system: the disk of this host is full", what,
                        shown);
    else
        return names_refuse(what, path, error_message(code), error);
    return FALSE;
}

/* ---- inodes ---- */

/* In the form of this file system: an inode and zeros up to its size. */
union whole_inode {
    struct ext2_inode small;
    struct ext2_inode_large large;
    char bytes[EXT2_MAX_BLOCK_SIZE];
};

static void set_time(guint32 *seconds, guint32 *extra, const struct names_meta *meta)
{
    gint64 at = CLAMP(meta->mtime, SECONDS_MIN, SECONDS_MAX);
    *seconds = (guint32)at;
    *extra = (guint32)((at - (gint32)*seconds) >> 32) | meta->mtime_nsec << EPOCH_BITS;
}

static void set_meta(struct ext2_inode_large *inode, guint type, const struct names_meta *meta)
{
    inode->i_mode = (guint16)(type | (meta->mode & 07777));
    inode->i_uid = (guint16)meta->uid;
    ext2fs_set_i_uid_high(*inode, meta->uid >> 16);
    inode->i_gid = (guint16)meta->gid;
    ext2fs_set_i_gid_high(*inode, meta->gid >> 16);
    inode->i_extra_isize = sizeof *inode - EXT2_GOOD_OLD_INODE_SIZE;
    set_time(&inode->i_mtime, &inode->i_mtime_extra, meta);
    set_time(&inode->i_atime, &inode->i_atime_extra, meta);
    set_time(&inode->i_ctime, &inode->i_ctime_extra, meta);
    set_time(&inode->i_crtime, &inode->i_crtime_extra, meta);
}

/* Replaces those of the inode, which is written already: what has not been read goes. */
static errcode_t write_xattrs(ext2_filsys fs, ext2_ino_t ino, const struct names_meta *meta)
{
    struct ext2_xattr_handle *handle;
    errcode_t code = ext2fs_xattrs_open(fs, ino, &handle);
    if (code)
        return code;
    if (!meta->xattrs || !meta->xattrs->len)
        code = ext2fs_xattrs_write(handle);
    for (guint i = 0; meta->xattrs && i < meta->xattrs->len && !code; i++) {
        const struct xattr *x = g_ptr_array_index(meta->xattrs, i);
        gsize size = 0;
        const void *value = g_bytes_get_data(x->value, &size);
        code = ext2fs_xattr_set(handle, x->name, value, size);
    }
    errcode_t closed = ext2fs_xattrs_close(&handle);
    return code ? code : closed;
}

static errcode_t free_inode(ext *e, ext2_ino_t ino)
{
    ext2_filsys fs = e->blocks.fs;
    struct ext2_inode inode;
    errcode_t code = ext2fs_free_ext_attr(fs, ino, NULL);
    if (!code)
        code = ext2fs_read_inode(fs, ino, &inode);
    if (!code)
        code = blocks_free(&e->blocks, ino, &inode);
    if (code)
        return code;
    memset(&inode, 0, sizeof inode);
    inode.i_dtime = (guint32)(g_get_real_time() / G_USEC_PER_SEC);
    ext2fs_inode_alloc_stats2(fs, ino, -1, FALSE);
    return ext2fs_write_inode(fs, ino, &inode);
}

static errcode_t set_links(ext *e, ext2_ino_t ino, guint links)
{
    struct ext2_inode inode;
    errcode_t code = ext2fs_read_inode(e->blocks.fs, ino, &inode);
    inode.i_links_count = (guint16)links;
    return code ? code : ext2fs_write_inode(e->blocks.fs, ino, &inode);
}

/* ---- the target of names ---- */

/* A short target is in the inode itself ("fast symlink"), a longer one in a block. */
static errcode_t fill_link(ext *e, ext2_ino_t ino, struct ext2_inode *inode, const char *target)
{
    gsize length = strlen(target);
    if (length >= sizeof inode->i_block) {
        errcode_t code = blocks_allocate(&e->blocks, ino, inode, length, e->runs);
        return code ? code : blocks_write(&e->blocks, e->runs, 0, target, length);
    }
    memcpy(inode->i_block, target, length);
    inode->i_size = (guint32)length;
    return 0;
}

/* old_encode_dev and new_encode_dev of the kernel's include/linux/kdev_t.h. */
static errcode_t fill_device(struct ext2_inode *inode, guint major, guint minor)
{
    if (major > 0xfff || minor > 0xfffff)
        return EINVAL;
    if (major <= 0xff && minor <= 0xff)
        inode->i_block[0] = major << 8 | minor;
    else
        inode->i_block[1] = (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
    return 0;
}

static errcode_t fill_inode(ext *e, ext2_ino_t ino, struct ext2_inode *inode,
                            const struct names_item *item)
{
    g_array_set_size(e->runs, 0);
    switch (item->type) {
    case S_IFREG:
        return blocks_allocate(&e->blocks, ino, inode, item->size, e->runs);
    case S_IFLNK:
        return fill_link(e, ino, inode, item->link);
    case S_IFCHR:
    case S_IFBLK:
        return fill_device(inode, item->major, item->minor);
    default:
        return 0;
    }
}

static errcode_t make_inode(ext *e, const struct names_item *item, ext2_ino_t *ino)
{
    ext2_filsys fs = e->blocks.fs;
    gboolean directory = item->type == S_IFDIR;
    union whole_inode inode = {0};
    errcode_t code = blocks_new_inode(&e->blocks, directory, ino);
    set_meta(&inode.large, item->type, item->meta);
    inode.large.i_links_count = directory ? 2 : 1;
    if (!code)
        code = fill_inode(e, *ino, &inode.small, item);
    if (!code)
        code = ext2fs_write_inode_full(fs, *ino, &inode.small, EXT2_INODE_SIZE(fs->super));
    return code || !item->meta->xattrs ? code : write_xattrs(fs, *ino, item->meta);
}

static gboolean ext_make(gpointer to, const char *path, const struct names_item *item, guint64 *id,
                         GError **error)
{
    ext *e = to;
    ext2_ino_t ino = 0;
    errcode_t code = make_inode(e, item, &ino);
    if (code)
        return ext_fail(code, "make", path, error);
    *id = ino;
    if (item->type != S_IFREG)
        return TRUE;
    g_free(e->path);
    e->path = g_strdup(path);
    e->size = item->size;
    e->written = 0;
    return TRUE;
}

static gboolean ext_data(gpointer to, const void *data, gsize length, GError **error)
{
    ext *e = to;
    errcode_t code = blocks_write(&e->blocks, e->runs, e->written, data, length);
    e->written += length;
    return !code || ext_fail(code, "write", e->path, error);
}

static gboolean ext_end(gpointer to, GError **error)
{
    /* Beyond the end, the last block keeps the image's bytes: zeros, or, after a replaced file and
     * a full turn around the disk, that file's. */
    static const char zeros[EXT2_MAX_BLOCK_SIZE];
    ext *e = to;
    guint64 rest = e->size % e->blocks.fs->blocksize;
    errcode_t code = rest ? blocks_write(&e->blocks, e->runs, e->size, zeros,
                                         (gsize)(e->blocks.fs->blocksize - rest))
                          : 0;
    return !code || ext_fail(code, "write", e->path, error);
}

static gboolean ext_change(gpointer to, const char *path, guint64 id, const struct names_meta *meta,
                           GError **error)
{
    ext2_filsys fs = ((ext *)to)->blocks.fs;
    ext2_ino_t ino = (ext2_ino_t)id;
    union whole_inode inode = {0};
    errcode_t code =
        ext2fs_read_inode_full(fs, ino, &inode.small, (int)sizeof(struct ext2_inode_large));
    set_meta(&inode.large, S_IFDIR, meta);
    if (!code)
        code = ext2fs_write_inode_full(fs, ino, &inode.small, sizeof(struct ext2_inode_large));
    if (!code)
        code = write_xattrs(fs, ino, meta);
    return !code || ext_fail(code, "change", *path ? path : "/", error);
}

static gboolean ext_link(gpointer to, const char *path, const char *from, guint64 id, guint links,
                         GError **error)
{
    (void)from;
    errcode_t code = set_links(to, (ext2_ino_t)id, links);
    return !code || ext_fail(code, "create the link", path, error);
}

static gboolean ext_drop(gpointer to, guint64 id, guint links, GError **error)
{
    ext2_ino_t ino = (ext2_ino_t)id;
    errcode_t code = links ? set_links(to, ino, links) : free_inode(to, ino);
    return !code || ext_fail(code, "remove", "a replaced file", error);
}

static const struct names_target ext_target = {ext_make,   ext_data, ext_end,
                                               ext_change, ext_link, ext_drop};

/* ---- opening ---- */

/* mke2fs's contents: a root directory with lost+found, whose blocks are kept. */
static errcode_t read_root(ext *e)
{
    ext2_filsys fs = e->blocks.fs;
    struct ext2_inode root;
    ext2_ino_t lost = 0;
    errcode_t found = ext2fs_lookup(fs, EXT2_ROOT_INO, "lost+found", 10, NULL, &lost);
    errcode_t code = ext2fs_read_inode(fs, EXT2_ROOT_INO, &root);
    if (!code)
        code = blocks_free(&e->blocks, EXT2_ROOT_INO, &root);
    if (!code)
        code = ext2fs_write_inode(fs, EXT2_ROOT_INO, &root);
    if (code)
        return code;
    e->names = names_new(&ext_target, e, EXT2_ROOT_INO);
    if (!found)
        names_adopt(e->names, "lost+found", lost);
    return 0;
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

names *ext_names(ext *e)
{
    return e->names;
}

void ext_abandon(ext *e)
{
    if (!e)
        return;
    if (e->blocks.fs)
        ext2fs_free(e->blocks.fs);
    if (e->blocks.fd >= 0)
        close(e->blocks.fd);
    names_free(e->names);
    g_array_unref(e->runs);
    g_free(e->path);
    g_free(e);
}

/* ---- closing ---- */

static int entry_type(guint type)
{
    switch (type) {
    case S_IFDIR:
        return EXT2_FT_DIR;
    case S_IFLNK:
        return EXT2_FT_SYMLINK;
    case S_IFCHR:
        return EXT2_FT_CHRDEV;
    case S_IFBLK:
        return EXT2_FT_BLKDEV;
    default:
        return type == S_IFIFO ? EXT2_FT_FIFO : EXT2_FT_REG_FILE;
    }
}

static gboolean write_directory(gpointer to, const struct names_directory *d, GError **error)
{
    ext *e = to;
    ext2_ino_t ino = (ext2_ino_t)d->id;
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(struct directory_entry));
    struct ext2_inode inode;
    errcode_t code = ext2fs_read_inode(e->blocks.fs, ino, &inode);
    for (guint i = 0; i < d->entries->len; i++) {
        const struct names_entry *from = &g_array_index(d->entries, struct names_entry, i);
        const struct directory_entry item = {from->name, (ext2_ino_t)from->id,
                                             entry_type(from->type)};
        g_array_append_val(list, item);
    }
    if (!code)
        code = blocks_write_directory(&e->blocks, ino, &inode, list);
    inode.i_links_count = (guint16)d->links;
    if (!code)
        code = ext2fs_write_inode(e->blocks.fs, ino, &inode);
    return !code || ext_fail(code, "write", "a directory", error);
}

gboolean ext_close(ext *e, GError **error)
{
    gboolean good = names_each_directory(e->names, write_directory, error);
    /* This machine reads the image next; a crash before that is a failed build. */
    errcode_t code = good ? ext2fs_close2(e->blocks.fs, EXT2_FLAG_FLUSH_NO_SYNC) : 0;
    if (good && !code)
        e->blocks.fs = NULL;
    ext_abandon(e);
    return good && (!code || ext_fail(code, "finish", "the file system", error));
}
