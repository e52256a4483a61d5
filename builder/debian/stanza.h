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
 * errors. */
gboolean stanza_next(const char **at, const char *end, gboolean lenient, deb_stanza *stanza,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The package to fetch and install; the caller owns it.  An error if its name, version, file name,
 * size or digest cannot be used. */
deb_package *stanza_package(const deb_stanza *stanza, GError **error) G_GNUC_WARN_UNUSED_RESULT;
