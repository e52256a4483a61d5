/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/uses.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define USES "uses"
/* The first 60 bits of a digest are its offset.  Two digests with the same offset share a lock:
 * then one of them is spared although nobody uses it. */
#define OFFSET_DIGITS 15
/* After all of those: the cache as a whole. */
#define WHOLE ((off_t)1 << (4 * OFFSET_DIGITS))

int uses_open(const char *media, GError **error)
{
    g_autofree char *path = g_build_filename(media, USES, NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0)
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot open %s: %s", path,
                        g_strerror(errno));
    return fd;
}

static off_t offset_of(const char *sha256)
{
    g_autofree char *digits = g_strndup(sha256, OFFSET_DIGITS);
    return (off_t)g_ascii_strtoull(digits, NULL, 16);
}

static gboolean lock_byte(int fd, int command, short type, off_t offset)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = offset, .l_len = 1};
    int result;
    do
        result = fcntl(fd, command, &lock);
    while (result != 0 && errno == EINTR);
    return result == 0;
}

static gboolean share_byte(int fd, off_t offset, GError **error)
{
    if (lock_byte(fd, F_OFD_SETLKW, F_RDLCK, offset))
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_HOST, "put the cache on a file system that has locks",
                    "cannot lock a part of the media cache: %s", g_strerror(errno));
    return FALSE;
}

gboolean uses_enter(int fd, GError **error)
{
    return share_byte(fd, WHOLE, error);
}

gboolean uses_take(int fd, const char *sha256, GError **error)
{
    return share_byte(fd, offset_of(sha256), error);
}

gboolean uses_claim(int fd, const char *sha256)
{
    return lock_byte(fd, F_OFD_SETLK, F_WRLCK, offset_of(sha256));
}

gboolean uses_claim_all(int fd)
{
    return lock_byte(fd, F_OFD_SETLK, F_WRLCK, WHOLE);
}
