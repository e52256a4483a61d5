/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/blocks.h"

#include "base/write.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The format is in the kernel's Documentation/filesystems/ext4; libext2fs knows it. */

#define EXTENT_MAX ((blk64_t)EXT_INIT_MAX_LEN)

errcode_t blocks_new_inode(struct blocks *b, gboolean directory, ext2_ino_t *ino)
{
    ext2_ino_t first = MAX(b->next_inode, EXT2_FIRST_INO(b->fs->super));
    if (first > b->fs->super->s_inodes_count)
        return EXT2_ET_INODE_ALLOC_FAIL;
    errcode_t code = ext2fs_find_first_zero_inode_bitmap2(b->fs->inode_map, first,
                                                          b->fs->super->s_inodes_count, ino);
    if (code)
        return code == ENOENT ? EXT2_ET_INODE_ALLOC_FAIL : code;
    ext2fs_inode_alloc_stats2(b->fs, *ino, +1, directory);
    b->next_inode = *ino + 1;
    return 0;
}

/* Takes up to want consecutive blocks. */
static errcode_t take_run(struct blocks *b, blk64_t want, struct run *run)
{
    errcode_t code = ext2fs_new_range(b->fs, 0, b->goal, want, NULL, &run->first, &run->count);
    if (code)
        return code;
    ext2fs_block_alloc_stats_range(b->fs, run->first, (blk_t)run->count, +1);
    b->goal = run->first + run->count;
    if (b->goal >= ext2fs_blocks_count(b->fs->super))
        b->goal = b->fs->super->s_first_data_block;
    return 0;
}

/* The run after the last one of the inode. */
static errcode_t insert(ext2_extent_handle_t handle, const struct run *run, blk64_t at)
{
    struct ext2fs_extent extent = {
        .e_pblk = run->first, .e_lblk = at, .e_len = (guint32)run->count};
    errcode_t code = at ? ext2fs_extent_goto(handle, at - 1) : 0;
    return code ? code : ext2fs_extent_insert(handle, EXT2_EXTENT_INSERT_AFTER, &extent);
}

errcode_t blocks_allocate(struct blocks *b, ext2_ino_t ino, struct ext2_inode *inode, guint64 size,
                          GArray *runs)
{
    blk64_t total = size / b->fs->blocksize + (size % b->fs->blocksize != 0), done = 0;
    ext2_extent_handle_t handle;
    /* Checked first, so that a false size costs nothing. */
    if (total > ext2fs_free_blocks_count(b->fs->super))
        return EXT2_ET_BLOCK_ALLOC_FAIL;
    errcode_t code = ext2fs_inode_size_set(b->fs, inode, (ext2_off64_t)size);
    if (!code) /* an empty inode gets the head of a tree of extents */
        code = ext2fs_extent_open2(b->fs, ino, inode, &handle);
    if (code)
        return code;
    while (!code && done < total) {
        struct run run = {0};
        code = take_run(b, MIN(total - done, EXTENT_MAX), &run);
        if (!code)
            code = insert(handle, &run, done);
        done += run.count;
        g_array_append_val(runs, run);
    }
    ext2fs_extent_free(handle);
    return code ? code : ext2fs_iblk_add_blocks(b->fs, inode, total);
}

errcode_t blocks_free(struct blocks *b, ext2_ino_t ino, struct ext2_inode *inode)
{
    errcode_t code = 0;
    if (ext2fs_inode_has_valid_blocks2(b->fs, inode))
        code = ext2fs_punch(b->fs, ino, inode, NULL, 0, ~0ULL);
    /* A block of the tree may be in libext2fs's cache, and would be written over new data. */
    if (!code)
        code = io_channel_flush(b->fs->io);
    return code;
}

static errcode_t blocks_write_at(int fd, const char *data, gsize length, guint64 at)
{
    return write_all_at(fd, data, length, at) ? 0 : errno;
}

errcode_t blocks_write(const struct blocks *b, const GArray *runs, guint64 at, const void *data,
                       gsize length)
{
    errcode_t code = 0;
    guint64 start = 0; /* of the run in the file */
    for (guint i = 0; i < runs->len && length && !code; i++) {
        const struct run *run = &g_array_index(runs, struct run, i);
        guint64 size = run->count * b->fs->blocksize;
        if (at < start + size) {
            gsize n = (gsize)MIN((guint64)length, start + size - at);
            code = blocks_write_at(b->fd, data, n,
                                   b->offset + run->first * b->fs->blocksize + (at - start));
            data = (const char *)data + n;
            length -= n;
            at += n;
        }
        start += size;
    }
    return code ? code : length ? EXT2_ET_FILE_TOO_BIG : 0;
}

/* ---- directories ---- */

/* Where entries are appended; the last one of a block extends to its end. */
struct packer {
    ext2_filsys fs;
    GByteArray *out;
    gsize last; /* offset of the last entry in out */
    gsize room; /* of a block, without the checksum at its end */
    gsize used; /* of the current block */
};

static struct ext2_dir_entry *entry_at(const struct packer *p, gsize at)
{
    return (struct ext2_dir_entry *)(void *)(p->out->data + at);
}

static errcode_t end_block(const struct packer *p)
{
    gsize block = p->fs->blocksize, start = p->out->len - block;
    unsigned int length = (unsigned int)(start + p->room - p->last);
    if (p->room < block)
        ext2fs_initialize_dirent_tail(p->fs,
                                      EXT2_DIRENT_TAIL(p->out->data + start, p->fs->blocksize));
    return ext2fs_set_rec_len(p->fs, length, entry_at(p, p->last));
}

static errcode_t pack_entry(struct packer *p, const struct directory_entry *from)
{
    gsize block = p->fs->blocksize, name = strlen(from->name);
    gsize length = EXT2_DIR_REC_LEN(name);
    errcode_t code = 0;
    if (p->out->len == 0 || p->used + length > p->room) {
        code = p->out->len ? end_block(p) : 0;
        gsize old = p->out->len;
        g_byte_array_set_size(p->out, (guint)(old + block));
        memset(p->out->data + old, 0, block);
        p->used = 0;
    }
    p->last = p->out->len - block + p->used;
    p->used += length;
    struct ext2_dir_entry *entry = entry_at(p, p->last);
    entry->inode = from->ino;
    ext2fs_dirent_set_name_len(entry, (int)name);
    ext2fs_dirent_set_file_type(entry, from->type);
    memcpy(entry->name, from->name, name);
    return code ? code : ext2fs_set_rec_len(p->fs, (unsigned int)length, entry);
}

/* Through libext2fs, which adds the checksums. */
static errcode_t write_packed(const struct packer *p, ext2_ino_t ino, const GArray *runs)
{
    errcode_t code = 0;
    gsize at = 0;
    for (guint i = 0; i < runs->len; i++) {
        const struct run *run = &g_array_index(runs, struct run, i);
        for (blk64_t n = 0; n < run->count && !code; n++, at += p->fs->blocksize)
            code = ext2fs_write_dir_block4(p->fs, run->first + n, p->out->data + at, 0, ino);
    }
    return code;
}

errcode_t blocks_write_directory(struct blocks *b, ext2_ino_t ino, struct ext2_inode *inode,
                                 const GArray *entries)
{
    gsize tail =
        ext2fs_has_feature_metadata_csum(b->fs->super) ? sizeof(struct ext2_dir_entry_tail) : 0;
    struct packer p = {.fs = b->fs, .out = g_byte_array_new(), .room = b->fs->blocksize - tail};
    g_autoptr(GArray) runs = g_array_new(FALSE, FALSE, sizeof(struct run));
    errcode_t code = 0;
    for (guint i = 0; i < entries->len && !code; i++)
        code = pack_entry(&p, &g_array_index(entries, struct directory_entry, i));
    if (!code)
        code = end_block(&p);
    if (!code)
        code = blocks_allocate(b, ino, inode, p.out->len, runs);
    if (!code)
        code = write_packed(&p, ino, runs);
    g_byte_array_unref(p.out);
    return code;
}
