/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* GRUB for BIOS in a disk with an MBR, as grub-bios-setup --no-rs-codes would write it: boot.img
 * into the first sector, core.img behind it, up to the first partition at byte end of the image.
 * Both are untrusted.  Errors are of INGOT_EXIT_INSTALL, or of INGOT_EXIT_HOST if the image cannot
 * be written. */
gboolean grub_bios_embed(const char *image, GBytes *boot, GBytes *core, guint64 end,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
