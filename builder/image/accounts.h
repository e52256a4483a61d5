/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "image/handle.h"

/* The accounts of the guest: an untrusted passwd(5). */

struct account {
    char *name, *home; /* home: "" when it is no path that can be used here as it is */
    guint uid, gid;
};

/* The accounts of this text, of struct account *, at most 4096; malformed lines are skipped.  A
 * home is absolute, below a directory other than those of the kernel, and has no characters but
 * letters, digits, "/", "_", "-" and "." (and no ".."), so that it can be part of a glob pattern.
 * The caller owns the array. */
GPtrArray *accounts_parse(const char *text);

/* Those of /etc/passwd; none is no error.  The caller owns the array. */
GPtrArray *guest_accounts(guest *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Borrowed from the array, or NULL. */
const struct account *accounts_find(const GPtrArray *accounts, const char *name);

/* A pattern for guest_glob that takes every home directory, "/{root,home/\*,srv/www}" without the
 * backslash; at most 256 beside those below /home.  Owned by the caller. */
char *accounts_homes(const GPtrArray *accounts);

/* The same from the guest's own accounts; NULL: error. */
char *guest_homes(guest *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;
