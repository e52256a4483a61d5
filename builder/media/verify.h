/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* OpenPGP signatures, checked by gpgv(1) with one explicit keyring.  At least one signature must be
 * good and by a key in the keyring; none may be bad; SHA-1 and weaker do not count. */

struct media_signature {
    const char *keyring;  /* .gpg, .kbx or ASCII-armored .asc */
    const char *file;     /* what is signed */
    const char *detached; /* the signature; NULL: file is signed in clear text (InRelease) */
    const char *name;     /* file's name in messages */
    const char *work;     /* a private directory for what gpgv needs */
};

/* For clear text, *text (unless NULL) is set to what was signed and nothing around it: what gpgv
 * wrote out, never what is in the file.  The caller owns it; *length excludes the final NUL.
 * Errors are of INGOT_EXIT_MEDIA; of INGOT_EXIT_HOST if there is no gpgv. */
gboolean media_verify(const struct media_signature *signature, GCancellable *cancel, char **text,
                      gsize *length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
