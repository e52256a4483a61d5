/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* Adds to broken (of char *) what is wrong with this /etc/fstab (fstab(5); NULL: there is none) of
 * a guest whose root file system has this UUID: a swap line, a root that is not named by UUID or by
 * another file system's, a second file system on a disk. */
void fstab_judge(const char *text, const char *root_uuid, GPtrArray *broken);
