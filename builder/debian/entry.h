/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "debian/stanza.h"

/* What a catalog keeps of a stanza of a Packages file, in few bytes: a suite has 70000. */
typedef struct deb_entry deb_entry;

/* Copies a stanza into store, which owns the entry.  source: for deb_package. */
const deb_entry *entry_store(GStringChunk *store, const deb_stanza *stanza, guint8 source);

/* A field, in the store; not FILENAME and SHA256, of which only entry_package knows the form. */
struct slice entry_field(const deb_entry *entry, enum deb_field field);

/* The package to fetch and install; the caller owns it.  An error if its name, version, file name,
 * size or digest cannot be used. */
deb_package *entry_package(const deb_entry *entry, GError **error) G_GNUC_WARN_UNUSED_RESULT;
