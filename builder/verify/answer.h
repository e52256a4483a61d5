/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <jansson.h>

#include <glib.h>

/* What the probe in a clone answers: lines KEY=VALUE and then "end".  A guest may write anything:
 * lines are cut and made printable (base/lines.h), and no more than ANSWER_LINES are kept. */

#define ANSWER_LINES 2000u

typedef struct answer answer;
answer *answer_new(void);
void answer_free(answer *a);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(answer, answer_free)

/* A line of the probe; TRUE: it was the last one of an answer. */
gboolean answer_line(answer *a, const char *line);

/* The first value of a key ("" when there is none), and all of them (NULL-terminated, the caller
 * frees the array and not the texts).  Borrowed from the answer. */
const char *answer_get(const answer *a, const char *key);
GPtrArray *answer_all(const answer *a, const char *key);

/* Whether one of the values of a key has word as its last, in whatever case. */
gboolean answer_has(const answer *a, const char *key, const char *word);

/* The first value as a number; 0 when it is none. */
guint64 answer_number(const answer *a, const char *key);

/* Everything, as an object of texts or, where a key comes more than once, arrays of them; the
 * caller owns it. */
json_t *answer_to_json(const answer *a);
