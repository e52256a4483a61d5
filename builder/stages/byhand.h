/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "os/os.h"

/* The name of a file of the installer in a flat directory for people: "_" for "/".  Private to
 * the room; owned by the caller. */
char *byhand_answer_name(const struct os_file *f);
