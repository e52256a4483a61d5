/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "debian/deb822.h"

/* A stanza of a Packages file or of dpkg's status: the fields that matter here, left where they are
 * in the text. */

enum deb_field {
    DEB_FIELD_PACKAGE,
    DEB_FIELD_VERSION,
    DEB_FIELD_ARCHITECTURE,
    DEB_FIELD_STATUS,
    DEB_FIELD_PRE_DEPENDS,
    DEB_FIELD_DEPENDS,
    DEB_FIELD_RECOMMENDS,
    DEB_FIELD_CONFLICTS,
    DEB_FIELD_BREAKS,
    DEB_FIELD_PROVIDES,
    DEB_FIELD_PRIORITY,
    DEB_FIELD_ESSENTIAL,
    DEB_FIELD_FILENAME,
    DEB_FIELD_SIZE,
    DEB_FIELD_SHA256,
    DEB_FIELDS
};

typedef struct deb_stanza {
    struct slice fields[DEB_FIELDS];
} deb_stanza;

/* Reads one stanza; *at moves behind it.  FALSE with *error unset: there is none before end.
 * lenient: malformed lines are skipped, and of a repeated field the last counts; else both are
 * errors, and so is a stanza that is too long. */
gboolean stanza_next(const char **at, const char *end, gboolean lenient, deb_stanza *stanza,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether a stanza of a Packages file may have so many bytes. */
gboolean stanza_check_size(gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
