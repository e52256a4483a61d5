/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "output/output.h"

/* For the files of this room only. */

#define PUBLISH_SUMS "SHA256SUMS"

/* Whether a template may be called so: one path component that is not hidden. */
gboolean publish_name_is_good(const char *name);

/* The lock under which out_dir changes; freed with files_unlock.  Whoever has it finds out_dir
 * whole: what dead builds of any template left there is ended or removed first.  -1: error. */
int publish_lock(const char *out_dir, GCancellable *cancel,
                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The text of SHA256SUMS (sha256sum(1) lines, sorted by file): what old (may be NULL) has for files
 * that are still in out_dir, with the sums of files (of output_file *) new or changed.  The caller
 * owns it. */
char *sums_merge(const char *old, const char *out_dir, const GPtrArray *files);
