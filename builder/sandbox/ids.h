/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "sandbox/sandbox.h"

/* Which UIDs and GIDs of the host the program's 0 to 65535 are. */

#define SANDBOX_IDS 65536u

struct sandbox_ids {
    guint32 uid, gid; /* the first ones */
    gboolean outer;   /* only newuidmap may map them */
};

/* For SANDBOX_ROOT: 0 and 0. */
gboolean sandbox_ids_find(enum sandbox_kind kind, struct sandbox_ids *ids,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The first SANDBOX_IDS sub-IDs of a user in the text of subuid(5).  FALSE: there are none. */
gboolean sandbox_ids_parse(const char *text, const char *user, guint32 id, guint32 *first);

/* Whether first and the SANDBOX_IDS - 1 after it are inside, in the text of /proc/PID/uid_map. */
gboolean sandbox_ids_mapped(const char *map, guint32 first);
