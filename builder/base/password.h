/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* The crypt(5) hash (yescrypt, "$y$") of a password.  The salt depends on a random key kept in
 * cache_dir (made on first use, mode 0600), the template and the user, and on nothing that a hash
 * may tell of the password: the same recipe gives the same answer file on the same host, so that
 * its result can be reused.  The caller owns the hash. */
char *password_hash(const char *password, const char *cache_dir, const char *template_name,
                    const char *user, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same as sha512crypt ("$6$"), for guests that do not know yescrypt: RHEL 7, Alpine. */
char *password_hash_old(const char *password, const char *cache_dir, const char *template_name,
                        const char *user, GError **error) G_GNUC_WARN_UNUSED_RESULT;
