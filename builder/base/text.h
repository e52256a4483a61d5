/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>
#include <jansson.h>

/* The candidate nearest to word by edit distance (Damerau-Levenshtein, optimal string
 * alignment), or NULL if none is near (more than a third of the letters differ).  candidates is
 * NULL-terminated; the result belongs to it. */
const char *text_nearest(const char *word, const char *const *candidates);

/* The hint for an unknown word: "did you mean 'NEAREST'?" or, when none is near, a copy of
 * otherwise (NULL: NULL).  Owned by the caller. */
char *text_did_you_mean(const char *word, const char *const *candidates, const char *otherwise);

/* The name of a package in any packaging system, for PCRE and ECMA-262 alike: nothing in it means
 * more to a shell, to a path or, in its first place, to a program's options.  Which of them a
 * family can have, its own record says. */
#define TEXT_PACKAGE_NAME "[A-Za-z0-9][A-Za-z0-9.+_-]*"
gboolean text_is_package_name(const char *text);

/* "8GiB", "512M", "1.5G", "4096" (bytes) to bytes; the units are powers of 1024 with or without
 * "iB"; "B" alone is bytes.  "GB" and the like (powers of 1000) are taken as such.  FALSE: not a
 * size, or above INT64_MAX. */
gboolean text_parse_size(const char *text, guint64 *bytes);

/* "90s", "15m", "1h30m", "2d" to seconds; a bare number is refused: its unit would be a guess. */
gboolean text_parse_duration(const char *text, guint *seconds);

/* "1.5 GiB"; "2 min 05 s", "14.2 s".  The caller owns the text. */
char *text_size(guint64 bytes);
char *text_duration(double seconds);

/* An expected duration, rounded to a sensible precision: "5 s", "40 s", "3 min", "1 h 10 min".
 * The caller owns the text. */
char *text_about(double seconds);

/* A copy in which control characters, bytes that are not UTF-8 and escape sequences of a
 * terminal are replaced.  Show people output of a guest or a server only in this form.  Owned by
 * the caller. */
char *text_printable(const char *text, gssize length);

/* The same as a text of a document; NULL is "".  Owned by the caller. */
json_t *text_json(const char *text);
