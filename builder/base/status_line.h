/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* The one line of a terminal that says what a build does now.  Private to the room. */

struct status_line {
    const char *stage, *phase, *detail; /* each may be NULL */
    double seconds;                     /* since the stage began */
    double expected;                    /* of the whole stage; negative: not known */
};

/* The line, at most columns wide (as a terminal counts: East Asian wide characters are two).  What
 * does not fit is taken from the detail first; the time stays.  Owned by the caller. */
char *status_line_text(const struct status_line *now, guint columns);
