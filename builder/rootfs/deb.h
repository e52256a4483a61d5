/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* A binary package (deb(5)), read once from front to back.  It may be anything: what is not of that
 * form is refused, with errors of INGOT_EXIT_MEDIA. */

/* A file of control.tar. */
struct deb_member {
    char *name; /* "control", "postinst", … */
    char *data; /* followed by a NUL */
    gsize size;
    gint64 mtime;
};

/* The member of that name, or NULL; owned by the array (of struct deb_member *). */
const struct deb_member *deb_member_find(const GPtrArray *members, const char *name);

/* Who takes what is read.  FALSE with *error unset: enough, stop without an error. */
struct deb_sink {
    /* First, once: the control files, with "control" among them; the callee owns the array. */
    gboolean (*control)(gpointer sink, GPtrArray *members, GError **error);
    /* Then the bytes of data.tar, decompressed, in pieces of any size. */
    gboolean (*data)(gpointer sink, const void *bytes, gsize length, GError **error);
};

/* Reads a package; safe in any thread.  FALSE with *error unset: the sink has had enough. */
gboolean deb_read(const char *path, const struct deb_sink *calls, gpointer sink,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Says that a package is not as it must be (why may hold what the package says); always FALSE. */
gboolean deb_refuse(const char *path, const char *why, GError **error);
