/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* Writes the initramfs of the tiny guest: a static busybox, the script init, and the drivers below
 * modules (/lib/modules/VERSION) with what they depend on. */
gboolean initramfs_write(const char *out, const char *busybox, const char *init,
                         const char *modules);
