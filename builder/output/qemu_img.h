/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* A failure of qemu-img, told as one of this room: INGOT_EXIT_HOST when the program is absent or
 * the disk is full, else INGOT_EXIT_OUTPUT.  Takes cause, sets *error, returns FALSE. */
gboolean qemu_img_fail(GError *cause, const char *out, GError **error);
