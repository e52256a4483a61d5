/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "debian/debian.h"

/* Texts are read in place: nothing is copied unless asked for. */

/* A part of a text; nothing is owned.  text NULL: there is none. */
struct slice {
    const char *text;
    gsize length;
};
gboolean slice_is(struct slice slice, const char *word);
/* The caller owns the copy; "" for an empty slice. */
char *slice_copy(struct slice slice);
struct slice slice_strip(struct slice slice);
/* Takes the part before the next separator off the front of rest, without the blanks around it.
 * FALSE: nothing is left. */
gboolean slice_next(struct slice *rest, char separator, struct slice *part);

/* Reads one stanza, which begins at .at; at DEB822_END, .at is behind it. */
struct deb822_reader {
    const char *at, *end;
    gboolean begun;    /* the stanza is not empty */
    const char *why;   /* of DEB822_BAD: what is wrong with the line */
    struct slice line; /* the line of DEB822_BAD, or the first one of a field */
};

enum deb822_kind { DEB822_FIELD, DEB822_BAD, DEB822_END };

/* The value without the blanks around it; its lines are unchanged and may include comments.  After
 * DEB822_BAD it can extend beyond the line. */
enum deb822_kind deb822_read(struct deb822_reader *reader, struct slice *name, struct slice *value);

/* Whether a line, without its end, separates stanzas. */
gboolean deb822_is_blank(struct slice line);

gboolean deb822_fail(const struct deb822_reader *reader, const char *why, GError **error);
