/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* What a guest writes, as lines.  It may write anything: lines are cut at LINES_LIMIT bytes and
 * made printable before they are looked at. */

#define LINES_LIMIT 4096u

typedef struct lines lines;

/* line is called for each line that is not empty, without its end ('\n' or '\r'). */
lines *lines_new(void (*line)(const char *line, gpointer user), gpointer user);
void lines_free(lines *l);
void lines_feed(lines *l, const char *bytes, gsize length);

/* The line that has no end yet, printable, or NULL when it is empty; owned by the caller. */
char *lines_partial(const lines *l);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(lines, lines_free)
