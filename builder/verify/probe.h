/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "verify/verify.h"

/* The way for an image with that digest: by SMBIOS only if its systemd is known to take it. */
enum verify_probe probe_choose(const struct verify_spec *spec, const char *sha256);

/* Writes the probe as files for vm_spec.oem_strings into work_dir: their paths, NULL-terminated,
 * owned by the caller. */
char **probe_strings(const struct verify_spec *spec, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes an overlay of the first disk at path and puts the probe into it: one launch of libguestfs.
 */
gboolean probe_put(const struct verify_spec *spec, const char *path, guint64 size, progress *p,
                   GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;
