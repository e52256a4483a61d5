/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/pipe.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define ROOM (1 << 20) /* what an ordinary user may have: pipe(7), pipe-max-size */

gboolean pipe_open(int ends[2], GError **error)
{
    if (pipe2(ends, O_CLOEXEC) != 0) {
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot make a pipe: %s", g_strerror(errno));
        return FALSE;
    }
    (void)fcntl(ends[1], F_SETPIPE_SZ, ROOM);
    return TRUE;
}
