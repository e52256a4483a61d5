/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "verify/verify.h"

/* Makes an overlay of the first disk at path and puts the probe into it: one launch of libguestfs.
 */
gboolean probe_put(const struct verify_spec *spec, const char *path, guint64 size, progress *p,
                   GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;
