/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* SHA-256 (FIPS 180-4) through OpenSSL EVP. */

#define DIGEST_HEX_LEN 64 /* lower-case hexadecimal digits, without the NUL */

typedef struct digest digest;

digest *digest_new(void); /* the caller owns it */
void digest_free(digest *d);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(digest, digest_free)

void digest_update(digest *d, const void *data, gsize length);

/* Adds one named input of a stage key: name and value go in with their lengths, so that no two
 * lists of fields give the same bytes.  A NULL value differs from "". */
void digest_field(digest *d, const char *name, const char *value);

/* Ends the digest; hex gets DIGEST_HEX_LEN digits and a NUL. */
void digest_finish(digest *d, char hex[DIGEST_HEX_LEN + 1]);

void digest_bytes(const void *data, gsize length, char hex[DIGEST_HEX_LEN + 1]);

/* Digest and size in bytes of a file (size may be NULL). */
gboolean digest_file(const char *path, char hex[DIGEST_HEX_LEN + 1], guint64 *size,
                     GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether text is exactly 64 hexadecimal digits. */
gboolean digest_is_hex(const char *text);
