/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* Who uses which entry of the media cache: byte locks on one file, media/uses, at an offset that
 * comes from the digest.  Open file description locks (fcntl(2), F_OFD_SETLK), and not a flock(2)
 * for each: one descriptor holds any number, a build takes some hundred files, and all of them go
 * when it is closed or the process dies. */

/* Opens the file below the directory media/; -1 on error. */
int uses_open(const char *media, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Say that the cache is used, and that an entry of it is, until the descriptor is closed.  Wait
 * while somebody removes, which is for one unlink(2). */
gboolean uses_enter(int fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean uses_take(int fd, const char *sha256, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether nobody uses the entry, or any part of the cache; until the descriptor is closed nobody
 * begins to. */
gboolean uses_claim(int fd, const char *sha256);
gboolean uses_claim_all(int fd);
