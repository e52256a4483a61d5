/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* Which entries of the media cache are in use: byte locks on one file, media/uses, at an offset
 * that comes from the digest.  They are open file description locks (fcntl(2), F_OFD_SETLK) and not
 * a flock(2) for each entry, because one descriptor holds any number, a build takes some hundred
 * files, and all are released when it is closed or the process dies. */

/* Opens the file below the directory media/; -1 on error. */
int uses_open(const char *media, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Mark the cache, or one entry of it, as in use until the descriptor is closed.  They wait while a
 * process removes entries, which takes one unlink(2). */
gboolean uses_enter(int fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean uses_take(int fd, const char *sha256, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether nobody uses the entry, or any part of the cache; if so, nobody can begin to until the
 * descriptor is closed. */
gboolean uses_claim(int fd, const char *sha256);
gboolean uses_claim_all(int fd);
