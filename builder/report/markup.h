/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>
#include <jansson.h>

/* A small writer of HTML and XML, and a reader of build records.  Private to the room. */

/* Appends text so that it means itself in content and in quoted attributes, of HTML and of XML
 * 1.0 (2.2: most control characters cannot be represented at all, so they become U+FFFD; so do
 * those that change the direction of the text around them, UAX 9). */
void markup_text(GString *out, const char *text);

/* The same, of the first most characters, with an ellipsis when there are more. */
void markup_cut(GString *out, const char *text, glong most);

/* Appends a format, which is markup; its arguments are not.  Knows %s (escaped), %u, %d and %.1f
 * (with a point in every locale), and no flags. */
void markup(GString *out, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* ---- members of a record: "", 0, FALSE, an empty list when they are not of the type ---- */

const char *member_text(const json_t *o, const char *name);
double member_number(const json_t *o, const char *name); /* finite, 0 … 1e18 */
/* At most this many elements of a list, so that no list can make a report endless. */
gsize member_count(const json_t *o, const char *name, gsize most);
const json_t *member_at(const json_t *o, const char *name, gsize index);
