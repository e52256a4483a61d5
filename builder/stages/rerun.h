/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "stages/stages.h"

/* The script qemu.sh of a failed build.  Private to the room. */

/* The copy of the recipe, beside the script. */
#define RERUN_RECIPE "recipe.yaml"

/* Starts the build's machine again, from an empty disk: `ingot render --into` makes what it
 * needs, and reads the secrets where the recipe says they are, so that the script has none.  The
 * original QEMU command line is in it as a comment.  Owned by the caller; not masked. */
char *rerun_script(const build *b);
