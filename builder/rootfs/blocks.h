/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <ext2fs/ext2fs.h>
#include <gio/gio.h>

/* The blocks of an ext4 file system: where data goes, and how an inode refers to it. */

/* Consecutive blocks on the disk. */
struct run {
    blk64_t first;
    blk64_t count;
};

struct blocks {
    ext2_filsys fs;
    int fd;         /* the image: data does not pass through libext2fs, one block at a time */
    guint64 offset; /* of the file system in the image */
    blk64_t goal;   /* where the next search begins: everything before is taken */
    ext2_ino_t next_inode;
};

/* The next free inode, marked as taken; the inodes ascend. */
errcode_t blocks_new_inode(struct blocks *b, gboolean directory, ext2_ino_t *ino);

/* Takes blocks for size bytes in as few runs as possible, appends them to runs (of struct run) and
 * gives them to the inode, which gets that size. */
errcode_t blocks_allocate(struct blocks *b, ext2_ino_t ino, struct ext2_inode *inode, guint64 size,
                          GArray *runs);

/* Frees the blocks of an inode. */
errcode_t blocks_free(struct blocks *b, ext2_ino_t ino, struct ext2_inode *inode);

/* Writes bytes at a position of the file with those runs; 0 or an errno. */
errcode_t blocks_write(const struct blocks *b, const GArray *runs, guint64 at, const void *data,
                       gsize length);

/* The entries of a directory, packed into blocks of its own. */
struct directory_entry {
    const char *name;
    ext2_ino_t ino;
    int type; /* EXT2_FT_DIR, … */
};
/* entries: of struct directory_entry, "." and ".." first. */
errcode_t blocks_write_directory(struct blocks *b, ext2_ino_t ino, struct ext2_inode *inode,
                                 const GArray *entries);
