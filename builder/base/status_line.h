/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* The one line on a terminal that shows what a build is doing.  Private to the room. */

struct status_line {
    const char *stage, *phase, *detail; /* each may be NULL */
    double seconds;                     /* since the stage began */
    double expected;                    /* of the whole stage; negative: not known */
};

/* The line, at most columns wide (as a terminal counts: East Asian wide characters are two).  If
 * it is too long, the detail is cut first; the time always stays.  Owned by the caller. */
char *status_line_text(const struct status_line *now, guint columns);
