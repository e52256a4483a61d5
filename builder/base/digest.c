/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/digest.h"

#include <openssl/evp.h>
#include <string.h>

struct digest {
    EVP_MD_CTX *context;
};

digest *digest_new(void)
{
    digest *d = g_new0(digest, 1);
    d->context = EVP_MD_CTX_new();
    if (!d->context || !EVP_DigestInit_ex(d->context, EVP_sha256(), NULL))
        g_error("SHA-256 is not available in OpenSSL");
    return d;
}

void digest_free(digest *d)
{
    if (!d)
        return;
    EVP_MD_CTX_free(d->context);
    g_free(d);
}

void digest_update(digest *d, const void *data, gsize length)
{
    EVP_DigestUpdate(d->context, data, length);
}

static void digest_add_part(digest *d, const char *text)
{
    guint64 length = GUINT64_TO_LE(text ? strlen(text) : G_MAXUINT64);
    digest_update(d, &length, sizeof length);
    if (text)
        digest_update(d, text, strlen(text));
}

void digest_field(digest *d, const char *name, const char *value)
{
    digest_add_part(d, name);
    digest_add_part(d, value);
}

void digest_finish(digest *d, char hex[DIGEST_HEX_LEN + 1])
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    EVP_DigestFinal_ex(d->context, raw, &length);
    for (unsigned int i = 0; i < length && i < DIGEST_HEX_LEN / 2; i++)
        g_snprintf(hex + (gsize)2 * i, 3, "%02x", raw[i]);
}

void digest_bytes(const void *data, gsize length, char hex[DIGEST_HEX_LEN + 1])
{
    g_autoptr(digest) d = digest_new();
    digest_update(d, data, length);
    digest_finish(d, hex);
}

gboolean digest_file(const char *path, char hex[DIGEST_HEX_LEN + 1], guint64 *size,
                     GCancellable *cancel, GError **error)
{
    g_autoptr(GFile) file = g_file_new_for_path(path);
    g_autoptr(GFileInputStream) stream = g_file_read(file, cancel, error);
    if (!stream)
        return FALSE;
    const gsize chunk = 1u << 20;
    g_autofree char *buffer = g_malloc(chunk);
    g_autoptr(digest) d = digest_new();
    guint64 total = 0;
    gssize n;
    while ((n = g_input_stream_read(G_INPUT_STREAM(stream), buffer, chunk, cancel, error)) > 0) {
        digest_update(d, buffer, (gsize)n);
        total += (guint64)n;
    }
    if (n < 0)
        return FALSE;
    digest_finish(d, hex);
    if (size)
        *size = total;
    return TRUE;
}

gboolean digest_is_hex(const char *text)
{
    return text && strlen(text) == DIGEST_HEX_LEN &&
           strspn(text, "0123456789abcdefABCDEF") == DIGEST_HEX_LEN;
}
