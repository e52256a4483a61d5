/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "media/source.h"

/* The functions of deb_source: struct media_source says what they do. */
media_package *deb_source_package(media_job *job, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean deb_source_choose(media_job *job, struct media_choice *choice,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean deb_source_kernels(media_job *job, GPtrArray *versions,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
