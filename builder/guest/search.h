/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "guest/handle.h"

/* Bytes that must not be in any file of a tree.  One pass finds all: the appliance sends the tree
 * as a tar stream, which is searched here at the host's speed. */

struct needle {
    GBytes *bytes;
    gboolean any_case; /* ASCII letters of the haystack are folded; bytes are lower case then */
    const char *what;  /* "a password of the build", borrowed: the text itself is never shown */
};

/* Needles for a MAC address as text with ":", "-" or nothing between the bytes, and as bytes. */
void needles_add_mac(GArray *needles, const char *mac, const char *what);

/* Needles for a secret.  One of less than 8 bytes is a word that any file may hold ("debian"), so
 * it is looked for only where it stands as the value of a "password". */
void needles_add_secret(GArray *needles, const char *secret, const char *what);

GArray *needles_new(void); /* of struct needle; owned by the caller, g_array_unref wipes it */

/* Adds to found (of char *) "<what> in <path>" for each file below directory that has a needle, at
 * most once a file.  directory need not exist. */
gboolean guest_search(guest *g, const char *directory, GArray *needles, GPtrArray *found,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same for a tar stream (pax or GNU) on a descriptor; prefix stands before the paths.  Reads
 * to the end of the stream in any case.  FALSE: not a tar stream, or too much. */
gboolean search_tar(int fd, const char *prefix, GArray *needles, GPtrArray *found,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
