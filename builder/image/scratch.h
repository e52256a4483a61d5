/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <guestfs.h>

#include <glib.h>

/* Where libguestfs puts what it needs while it runs: files (an overlay of an image that is only
 * read) and Unix sockets.  Both in directories that the next call removes when this one is killed.
 * The appliance itself, which takes seconds to make, stays in the cache that all share. */

struct guest_scratch {
    char *files, *sockets; /* sockets NULL: where libguestfs puts them by itself */
    int files_lock, sockets_lock;
};
#define GUEST_SCRATCH_NONE                                                                         \
    {                                                                                              \
        .files_lock = -1, .sockets_lock = -1                                                       \
    }

/* For a handle that has not been launched; s is GUEST_SCRATCH_NONE.  Without a directory for
 * sockets, libguestfs uses its own; left-overs of dead processes there are removed, too.  Error:
 * there can be no directory for files. */
gboolean guest_scratch_take(struct guest_scratch *s, guestfs_h *h,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Once the handle is closed; of GUEST_SCRATCH_NONE there is nothing. */
void guest_scratch_remove(struct guest_scratch *s);

/* Removes directories of libguestfs's sockets in parent that belong to this user and to no process
 * any more: guestfsd.sock is there, and nobody has it open. */
void guest_scratch_sweep(const char *parent);
