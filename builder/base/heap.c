/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/heap.h"

#include <malloc.h>

/* glibc maps a block of its own for what is larger than a threshold, but raises that to up to 32
 * MiB with each such block that is freed (mallopt(3), M_MMAP_THRESHOLD), and has an arena for each
 * thread: after one stage, the next ones would carry what that has freed. */
void heap_return_freed(void)
{
#ifdef M_ARENA_MAX
    mallopt(M_MMAP_THRESHOLD, 256 << 10);
    mallopt(M_TRIM_THRESHOLD, 256 << 10);
    mallopt(M_ARENA_MAX, 2);
#endif
}
