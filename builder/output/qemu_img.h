/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "output/output.h"

/* What formats need from qemu-img(1).  For the files of this room only.  Errors: INGOT_EXIT_HOST
 * if the program is absent or the disk is full, else INGOT_EXIT_OUTPUT. */

/* The path of a file NAME.EXTENSION of the job, whose name is appended to names; the caller owns
 * the path. */
char *qemu_img_target(const struct output_job *job, const char *extension, GPtrArray *names);

/* Writes the job's image to out.  options: those of qemu-img convert, NULL-terminated; phase: what
 * progress calls it. */
gboolean qemu_img_convert(const struct output_job *job, const char *phase,
                          const char *const *options, const char *out, GError **error);

/* Whether out, of that format, reads as the job's image does. */
gboolean qemu_img_compare(const struct output_job *job, const char *format, const char *out,
                          GError **error);

/* The size of the disk that the job's image holds. */
gboolean qemu_img_size(const struct output_job *job, guint64 *size, GError **error);

/* A failure of qemu-img, reported as one of this room.  Takes cause, sets *error, returns FALSE. */
gboolean qemu_img_fail(GError *cause, const char *out, GError **error);
