/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "media/job.h"

/* Makes the environment of kind SYSTEM: the kernel, and an initrd of a shell and modules (see
 * media_fetch), or takes those that an earlier run made of the same packages, which have their
 * paths.  Sets kernel and initrd of boot and adds both to the inputs. */
gboolean media_environment(struct media_job *job, const struct media_choice *from, media_boot *boot,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
