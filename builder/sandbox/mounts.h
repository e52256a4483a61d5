/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "sandbox/request.h"

/* Gives this process, the first one of new mount and PID namespaces, the root directory that was
 * requested.  Ends it after a fault. */
void mounts_enter(const struct sandbox_request *request, int report);
