/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* What happened to a typed character, decided from the texts of the screen before and after.
 * Private to the room. */

enum echo_verdict {
    ECHO_NOTHING, /* nothing that has to do with it */
    ECHO_TOOK,    /* it is there */
    ECHO_SHORT,   /* it is there, but blanks before it are not */
    ECHO_OTHER,   /* another character is there */
    ECHO_MUCH,    /* a good part of the screen is another: the key was a command, perhaps */
};

/* Where the last character appeared; known: this is certain. */
struct echo_place {
    gboolean known;
    guint row, column;
};

struct echo {
    enum echo_verdict verdict;
    struct echo_place place; /* of TOOK and SHORT: of the character; not always known */
    guint copies;            /* TOOK: how often in a row it has come, 1 or more */
    gunichar shown;          /* OTHER */
};

/* before, after: UTF-8, lines parted by '\n', of any size; typed is no blank.  last: the place of
 * the character typed before, with blanks of them typed since. */
struct echo echo_compare(const char *before, const char *after, char typed,
                         const struct echo_place *last, guint blanks);
