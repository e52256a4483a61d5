/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "inspect/inspect.h"

/* Bytes that must not be in any file of a tree.  One pass finds all: the appliance sends the tree
 * as a tar stream, which is searched here at the host's speed. */

/* A piece of a pattern: a text, then least to most bytes of a set ("A-Z0-9", "^ \n"; NULL: none),
 * as few as the rest allows. */
struct search_part {
    const char *text, *set;
    guint least, most;
};

#define SEARCH_PARTS 4

/* Something of a known form; for const tables. */
struct search_pattern {
    const inspect_rule *rule;
    const char *what;        /* "a private key is" */
    const char *only, *skip; /* patterns of glob(7) for the whole path, with blanks between; "*"
                                takes "/" too; NULL: all, none */
    gboolean alone;          /* it does not begin inside of a word or of base64 */
    struct search_part parts[SEARCH_PARTS]; /* the first has a text, or nothing: any content */
};

struct needle {
    GBytes *bytes;
    gboolean any_case; /* ASCII letters of the haystack are folded; bytes are lower case then */
    const inspect_rule *rule;
    const char *what; /* "a password of the build is", borrowed: the text itself is never shown */
    const struct search_pattern *pattern; /* what follows the bytes; NULL: they are all */
};

/* Needles for a MAC address as text with ":", "-" or nothing between the bytes, and as bytes. */
void needles_add_mac(GArray *needles, const char *mac, const inspect_rule *rule, const char *what);

/* Needles for a secret.  One of less than 8 bytes is a word that any file may contain
 * ("debian"), so it is searched for only as the value of a "password". */
void needles_add_secret(GArray *needles, const char *secret, const inspect_rule *rule,
                        const char *what);

/* pattern must outlive the needles. */
void needles_add_pattern(GArray *needles, const struct search_pattern *pattern);

GArray *needles_new(void); /* of struct needle; owned by the caller, g_array_unref wipes it */

/* Adds to found (inspect_findings_new) "<what> in <path>" for each file below directory that has a
 * needle, at most once a file and rule.  directory need not exist.  excludes: as guest_stream_tar.
 */
gboolean inspect_search(guest *g, const char *directory, char *const *excludes, GArray *needles,
                        GPtrArray *found, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same for a tar stream (pax or GNU) on a descriptor; paths are prefixed with prefix.  May
 * leave the stream unread on failure.  FALSE: not a tar stream, or too much. */
gboolean search_tar(int fd, const char *prefix, GArray *needles, GPtrArray *found,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
