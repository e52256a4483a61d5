/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* A medium that boots only by itself, as distributions make them: ISO 9660 with El Torito and
 * isolinux, which waits at its prompt. */

/* What the host lacks for it, as a reason to skip; NULL: nothing.  The caller owns the text. */
char *medium_lacks(void);

/* The same for UEFI: grub, which stands at its prompt, in a FAT image (packages grub-efi-amd64-bin,
 * grub-common, mtools, dosfstools).  work: a directory for what is made on the way. */
char *medium_uefi_lacks(void);
gboolean medium_write_uefi(const char *out, const char *kernel, const char *initrd,
                           const char *work, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes one with this kernel and this initrd; the label is "auto". */
gboolean medium_write_with(const char *out, const char *kernel, const char *initrd,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes one with debian-installer's own kernel and initrd of a release ("trixie"), from the
 * package archive that INGOT_MIRROR names, through the cache. */
gboolean medium_write(const char *out, const char *release, const char *cache_dir,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
