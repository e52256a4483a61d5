/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "sandbox/request.h"

/* Gives this process, the first one of new mount and PID namespaces, the root directory that was
 * requested.  base_uid and base_gid are UID and GID 0 of the program as this process sees them.
 * Ends it after a fault. */
void mounts_enter(const struct sandbox_request *request, guint32 base_uid, guint32 base_gid,
                  int report);
