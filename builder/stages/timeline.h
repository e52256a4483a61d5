/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "stages/stages.h"

/* When the phases of a build begin and end (build.seen).  Private to the room. */

/* Seconds since the build began. */
double timeline_now(const build *b);

/* For progress_watch, with the build as user: begins a phase, and says how many seconds a stage
 * (phase NULL) or a phase will take, by earlier builds. */
double timeline_on_begin(const char *stage_name, const char *phase, gpointer build);

/* The phase that runs has ended, if there is one. */
void timeline_end_phase(build *b);
