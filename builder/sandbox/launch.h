/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "sandbox/request.h"

/* Starts the helper with a request and waits until the sandbox stands and its program runs, or
 * until that has failed.  *limits (may be NULL) gets what limits it; owned by the caller. */
GSubprocess *launch_helper(const struct sandbox_request *request, char **limits,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
