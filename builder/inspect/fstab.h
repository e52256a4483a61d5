/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "inspect/inspect.h"

/* Adds to broken (inspect_findings_new) what is wrong with this /etc/fstab (fstab(5); NULL: there
 * is none) of a guest whose root file system has this UUID: a swap line, a root that is not named
 * by UUID or by another file system's, a second file system on a disk. */
void fstab_judge(const char *text, const char *root_uuid, GPtrArray *broken);

extern const inspect_rule *const fstab_rules[]; /* those that it can find broken; NULL-terminated */
