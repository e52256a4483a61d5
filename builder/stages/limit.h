/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "stages/stages.h"

/* What a stage may take.  Private to the room. */

/* Emulated guests take this many times as long as those on hardware; a known stage may take
 * LIMIT_SLOWER times the longest time so far plus LIMIT_SPARE seconds. */
#define LIMIT_EMULATED 4u
#define LIMIT_SLOWER   6u
#define LIMIT_SPARE    (30u * 60)

struct watch_limits limit_of(const build *b, const stage *s);

/* Runs the stage; if it makes no progress or takes too long, b->cancel is cancelled, and the
 * error, with the stage's exit code, says what it was waiting for. */
gboolean limit_run(build *b, const stage *s, const char *key,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes b->cancel, which follows the caller's; and lets go of both. */
void limit_follow(build *b, GCancellable *caller);
void limit_unfollow(build *b);
