/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox/fault.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

void fault_die(int report, enum sandbox_step step, const char *what)
{
    struct sandbox_fault fault = {.step = (gint32)step, .error = errno};
    g_strlcpy(fault.what, what ? what : "", sizeof fault.what);
    /* When nobody listens any more, ingot has died. */
    (void)!send(report, &fault, sizeof fault, MSG_NOSIGNAL);
    _exit(127);
}
