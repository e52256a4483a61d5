/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* Gets some stanzas of a Packages file: whole ones, of at least one byte.  FALSE with *error set
 * ends the reading. */
typedef gboolean (*packages_taker)(const char *text, gsize length, gpointer data, GError **error);

/* Reads a verified Packages file (plain, .gz or .xz) from front to back: it is large, and is never
 * in memory as a whole. */
gboolean packages_read(const char *file, packages_taker take, gpointer data, GCancellable *cancel,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
