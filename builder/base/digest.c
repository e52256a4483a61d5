/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

#define CHUNK (1u << 20)

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

static gboolean read_failed(const char *path, GError **error)
{
    int code = errno;
    g_set_error(error, G_IO_ERROR, (gint)g_io_error_from_errno(code), "cannot read %s: %s", path,
                g_strerror(code));
    return FALSE;
}

/* What follows the first `at` bytes, in order; n as read(2).  A hole is not read: the kernel makes
 * pages of it, which takes four times as long as their digest.  A pipe has none, and cannot seek.
 */
static gssize read_or_skip(int fd, char *buffer, gsize length, guint64 at)
{
    off_t data = lseek(fd, (off_t)at, SEEK_DATA), end;
    if (data < 0 && errno == ENXIO && (end = lseek(fd, 0, SEEK_END)) > (off_t)at)
        data = end; /* one hole to the end */
    if (data <= (off_t)at)
        return read(fd, buffer, length);
    length = MIN(length, (gsize)(data - (off_t)at));
    memset(buffer, 0, length);
    return (gssize)length;
}

static gboolean digest_fd(int fd, const char *path, char hex[DIGEST_HEX_LEN + 1], guint64 *size,
                          GCancellable *cancel, GError **error)
{
    g_autofree char *buffer = g_malloc(CHUNK);
    g_autoptr(digest) d = digest_new();
    gssize n;
    *size = 0;
    while (!g_cancellable_set_error_if_cancelled(cancel, error)) {
        n = read_or_skip(fd, buffer, CHUNK, *size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return read_failed(path, error);
        if (n == 0) {
            digest_finish(d, hex);
            return TRUE;
        }
        digest_update(d, buffer, (gsize)n);
        *size += (guint64)n;
    }
    return FALSE;
}

gboolean digest_file(const char *path, char hex[DIGEST_HEX_LEN + 1], guint64 *size,
                     GCancellable *cancel, GError **error)
{
    guint64 total;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return read_failed(path, error);
    gboolean good = digest_fd(fd, path, hex, size ? size : &total, cancel, error);
    close(fd);
    return good;
}

gboolean digest_is_hex(const char *text)
{
    return text && strlen(text) == DIGEST_HEX_LEN &&
           strspn(text, "0123456789abcdefABCDEF") == DIGEST_HEX_LEN;
}
