/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/password.h"

#include "base/error.h"
#include "base/files.h"

#include <crypt.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

#define KEY_BYTES 32

static gboolean make_key(const char *path, GError **error)
{
    unsigned char key[KEY_BYTES];
    if (RAND_bytes(key, sizeof key) != 1) {
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "OpenSSL returned no random bytes");
        return FALSE;
    }
    return files_write_atomic(path, key, sizeof key, 0600, error);
}

/* The key of this host; two processes that make it at the same time agree under the lock. */
static char *salt_key(const char *cache_dir, GError **error)
{
    g_autofree char *path = g_build_filename(cache_dir, "salt.key", NULL);
    g_autofree char *lock_path = g_strconcat(path, ".lock", NULL);
    if (!files_mkdir(cache_dir, FALSE, error))
        return NULL;
    int lock = files_lock(lock_path, NULL, error);
    if (lock < 0)
        return NULL;
    gsize length = 0;
    g_autofree char *key = files_read(path, KEY_BYTES, &length, NULL);
    if (length != KEY_BYTES) {
        g_clear_pointer(&key, g_free);
        if (make_key(path, error))
            key = files_read(path, KEY_BYTES, &length, error);
    }
    files_unlock(lock);
    return g_steal_pointer(&key);
}

static char *hash_with(const char *method, const char *password, const char *cache_dir,
                       const char *template_name, const char *user, GError **error)
{
    g_autofree char *key = salt_key(cache_dir, error);
    if (!key)
        return NULL;
    g_autofree char *who = g_strdup_printf("%s\n%s", template_name, user);
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    g_autofree struct crypt_data *data = g_new0(struct crypt_data, 1);
    if (!HMAC(EVP_sha256(), key, KEY_BYTES, (const unsigned char *)who, strlen(who), mac,
              &length) ||
        !crypt_gensalt_rn(method, 0, (const char *)mac, 16, setting, sizeof setting) ||
        !crypt_r(password, setting, data) || data->output[0] == '*') {
        ingot_set_error(error, INGOT_EXIT_FAILURE, NULL, "cannot hash the password of %s", user);
        return NULL;
    }
    char *hash = g_strdup(data->output);
    explicit_bzero(data, sizeof *data);
    return hash;
}

char *password_hash(const char *password, const char *cache_dir, const char *template_name,
                    const char *user, GError **error)
{
    return hash_with("$y$", password, cache_dir, template_name, user, error);
}

char *password_hash_old(const char *password, const char *cache_dir, const char *template_name,
                        const char *user, GError **error)
{
    return hash_with("$6$", password, cache_dir, template_name, user, error);
}
