/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* Kernel modules as bytes: nothing of them is run or loaded here. */

/* The name of a module by the path of its file ("kernel/fs/crc-x.ko.xz": "crc_x"; the kernel takes
 * '-' and '_' for the same); NULL: that is no module.  The caller owns it. */
char *media_kmod_name(const char *path);
/* A name as it is compared; the caller owns it. */
char *media_kmod_fold(const char *name);

/* The module's ELF file out of a .ko, .ko.xz, .ko.zst or .ko.gz, by the ending of path; the caller
 * owns it.  Errors are of INGOT_EXIT_MEDIA and name path. */
GBytes *media_kmod_unpack(const char *path, GBytes *packed,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The names that the module says it depends on ("depends=" in its section .modinfo), ended by NULL;
 * owned by the caller.  Any bytes may be given; path is for messages. */
char **media_kmod_depends(const char *path, GBytes *elf, GError **error) G_GNUC_WARN_UNUSED_RESULT;
