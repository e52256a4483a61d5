/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <guestfs.h>

#include <glib.h>

/* Where libguestfs puts what it needs while it runs: files (an overlay of an image that is only
 * read) and Unix sockets.  Both in directories that the next call removes when this one is killed.
 * The appliance itself, which takes seconds to make, stays in the cache that all share. */

struct guest_scratch {
    char *files, *sockets; /* NULL: libguestfs's own */
    int files_lock, sockets_lock;
};

/* For a handle that has not been launched.  Who cannot have such directories has libguestfs's own;
 * what a dead process has left there goes, too. */
void guest_scratch_take(struct guest_scratch *s, guestfs_h *h);

/* Once the handle is closed. */
void guest_scratch_remove(struct guest_scratch *s);

/* Removes directories of libguestfs's sockets in parent that belong to this user and to no process
 * any more: guestfsd.sock is there, and nobody has it open. */
void guest_scratch_sweep(const char *parent);
