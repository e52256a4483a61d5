/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/holes.h"

#include <string.h>
#include <unistd.h>

#define HOLE_BLOCK 4096u
#define HOLE_CHUNK (64u * HOLE_BLOCK)

struct hole_search {
    GArray *extents;
    guint64 zeros; /* where the present run of zeros began */
    guint64 data;  /* where the present extent began */
};

static gboolean holes_is_zero(const guint8 *block, gsize length)
{
    return block[0] == 0 && memcmp(block, block + 1, length - 1) == 0;
}

/* Where zeros may be skipped without reading them: lseek(2), SEEK_DATA. */
static guint64 holes_next_data(int fd, guint64 offset, guint64 size)
{
    off_t next = lseek(fd, (off_t)offset, SEEK_DATA);
    if (next < 0)
        return offset;
    return MIN((guint64)next, size) / HOLE_BLOCK * HOLE_BLOCK;
}

/* A hole has a whole block of zeros at a multiple of half its least length. */
static gboolean holes_suspected(int fd, guint64 size)
{
    guint8 block[HOLE_BLOCK];
    for (guint64 at = 0; at + HOLE_BLOCK <= size; at += HOLES_MIN / 2) {
        ssize_t n = pread(fd, block, sizeof block, (off_t)at);
        if (n <= 0)
            return FALSE;
        if (holes_is_zero(block, (gsize)n))
            return TRUE;
    }
    return FALSE;
}

static void holes_close_extent(struct hole_search *s, guint64 end)
{
    const struct hole_extent extent = {s->data, end - s->data};
    if (extent.length)
        g_array_append_val(s->extents, extent);
}

/* Something other than zeros begins at offset. */
static void holes_end_run(struct hole_search *s, guint64 offset)
{
    if (offset - s->zeros < HOLES_MIN)
        return;
    holes_close_extent(s, s->zeros);
    s->data = offset;
}

static void holes_judge(struct hole_search *s, const guint8 *chunk, gsize length, guint64 offset)
{
    for (gsize i = 0; i < length; i += HOLE_BLOCK) {
        gsize part = MIN(HOLE_BLOCK, length - i);
        if (holes_is_zero(chunk + i, part))
            continue;
        holes_end_run(s, offset + i);
        s->zeros = offset + i + part;
    }
}

static gboolean holes_scan(struct hole_search *s, int fd, guint64 size)
{
    g_autofree guint8 *chunk = g_malloc(HOLE_CHUNK);
    for (guint64 at = holes_next_data(fd, 0, size); at < size;) {
        ssize_t n = pread(fd, chunk, MIN(HOLE_CHUNK, size - at), (off_t)at);
        if (n <= 0)
            return n == 0;
        holes_judge(s, chunk, (gsize)n, at);
        at = holes_next_data(fd, at + (guint64)n, size);
    }
    return TRUE;
}

GArray *holes_find(int fd, guint64 size)
{
    if (size < HOLES_MIN || !holes_suspected(fd, size))
        return NULL;
    struct hole_search s = {.extents = g_array_new(FALSE, FALSE, sizeof(struct hole_extent))};
    gboolean good = holes_scan(&s, fd, size);
    if (good) {
        holes_end_run(&s, size);
        holes_close_extent(&s, size);
    }
    const struct hole_extent *first = &g_array_index(s.extents, struct hole_extent, 0);
    gboolean whole = s.extents->len == 1 && first->offset == 0 && first->length == size;
    if (good && !whole)
        return s.extents;
    g_array_unref(s.extents);
    return NULL;
}
