/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "image/handle.h"

/* What modes and sizes say, of all files of the guest: one call for the names, and one for each
 * directory, so this takes seconds. */

struct guest_walk {
    GPtrArray *writable; /* by everybody: files, and directories that are not sticky */
    GPtrArray *set_id;   /* programs with set-uid or set-gid where users keep files */
    GPtrArray *logs;     /* files in /var/log that are not empty */
    GPtrArray *large;    /* files of more than WALK_LARGE bytes, which no search should read */
    gboolean cut;        /* there is more than was looked at */
};                       /* all: char *, absolute paths */

#define WALK_LARGE (64ll << 20)

/* Made on first use; borrowed from the guest.  NULL: error. */
const struct guest_walk *guest_walk(guest *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void guest_walk_free(struct guest_walk *walk); /* NULL is fine */
