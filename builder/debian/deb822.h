/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "debian/debian.h"

/* Texts as they are read here: nothing is copied that is not asked for. */

/* A part of a text; nothing is owned.  text NULL: there is none. */
struct slice {
    const char *text;
    gsize length;
};
gboolean slice_is(struct slice slice, const char *word);
/* The caller owns the copy; "" for a slice of nothing. */
char *slice_copy(struct slice slice);
struct slice slice_strip(struct slice slice);
/* Takes the part before the next separator off the front of rest, without the blanks around it.
 * FALSE: nothing is left. */
gboolean slice_next(struct slice *rest, char separator, struct slice *part);

/* Reads one stanza: begins at .at, and .at is behind it at DEB822_END. */
struct deb822_reader {
    const char *at, *end;
    gboolean begun;    /* the stanza has something */
    const char *why;   /* of DEB822_BAD: what is wrong with the line */
    struct slice line; /* the line of DEB822_BAD, or the first one of a field */
};

enum deb822_kind { DEB822_FIELD, DEB822_BAD, DEB822_END };

/* The value is without the blanks around it; its lines are as they stand there, comments among
 * them.  After DEB822_BAD it can go on behind the line. */
enum deb822_kind deb822_read(struct deb822_reader *reader, struct slice *name, struct slice *value);

gboolean deb822_fail(const struct deb822_reader *reader, const char *why, GError **error);
