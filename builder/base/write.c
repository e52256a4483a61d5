/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/write.h"

#include <errno.h>
#include <unistd.h>

gboolean write_all_at(int fd, const void *data, gsize length, guint64 at)
{
    const char *from = data;
    while (length) {
        ssize_t n = pwrite(fd, from, length, (off_t)at);
        if (n < 0 && errno != EINTR)
            return FALSE;
        if (n > 0) {
            from += n;
            length -= (gsize)n;
            at += (guint64)n;
        }
    }
    return TRUE;
}
