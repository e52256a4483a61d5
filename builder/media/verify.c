/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/verify.h"

#include "base/error.h"
#include "base/files.h"
#include "base/spawn.h"
#include "base/text.h"

#include <string.h>

#define KEYRING_MAX (16u << 20)
#define SIGNED_MAX  (64u << 20)
#define GPGV                                                                                       \
    "gpgv", "--status-fd", "1", "--weak-digest", "SHA1", "--weak-digest", "RIPEMD160", "--homedir"
#define ARMOR_BEGIN "-----BEGIN PGP PUBLIC KEY BLOCK-----"
#define ARMOR_END   "-----END PGP PUBLIC KEY BLOCK-----"

/* ---- the keyring ---- */

/* One block of RFC 9580, 6.2: header lines, an empty line, base64, an optional "=" checksum.  The
 * checksum is not looked at: a damaged key verifies nothing. */
static gboolean unarmor_block(const char *block, gsize length, GByteArray *out)
{
    g_autofree char *copy = g_strndup(block, length);
    g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
    g_autoptr(GString) base64 = g_string_new(NULL);
    gboolean body = FALSE;
    for (char **l = lines[0] ? lines + 1 : lines; *l; l++) {
        g_strstrip(*l);
        if (!body)
            body = !**l;
        else if (**l == '=')
            break;
        else
            g_string_append(base64, *l);
    }
    gsize n = 0;
    g_autofree guchar *raw = base64->len ? g_base64_decode(base64->str, &n) : NULL;
    if (n)
        g_byte_array_append(out, raw, (guint)n);
    return n != 0;
}

static gboolean unarmor(const char *text, GByteArray *out)
{
    const char *begin, *end = text;
    while ((begin = strstr(end, ARMOR_BEGIN))) {
        end = strstr(begin, ARMOR_END);
        if (!end || !unarmor_block(begin, (gsize)(end - begin), out))
            return FALSE;
    }
    return out->len != 0;
}

/* gpgv reads only binary keyrings, and looks for a name without a slash in its home directory. */
static char *usable_keyring(const struct media_signature *s, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autofree char *text = files_read(s->keyring, KEYRING_MAX, NULL, &local);
    if (!text) {
        ingot_set_error(
            error, INGOT_EXIT_MEDIA,
            "name the keyring of the signer; Debian's is in the package debian-archive-keyring",
            "cannot read the keyring for %s: %s", s->name, local->message);
        return NULL;
    }
    if (!strstr(text, ARMOR_BEGIN))
        return g_canonicalize_filename(s->keyring, NULL);
    g_autoptr(GByteArray) raw = g_byte_array_new();
    g_autofree char *file = g_build_filename(s->work, "keyring.gpg", NULL);
    if (!unarmor(text, raw)) {
        ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "the keyring %s is damaged", s->keyring);
        return NULL;
    }
    if (!files_write_atomic(file, raw->data, raw->len, 0600, error))
        return NULL;
    return g_steal_pointer(&file);
}

/* ---- gpgv's status lines: GnuPG's doc/DETAILS, "Format of the --status-fd output" ---- */

struct verdict {
    guint lines, good, bad, expired, revoked, missing, plaintexts;
    gboolean named; /* the signature at hand has had its GOODSIG */
    GString *keys;  /* that are not in the keyring */
};

static gboolean says(const char *line, const char *word)
{
    gsize n = strlen(word);
    return strncmp(line, word, n) == 0 && (line[n] == ' ' || line[n] == '\0');
}

static void on_missing(struct verdict *v, const char *line)
{
    v->missing++;
    g_autofree char *key = text_printable(line + strlen("NO_PUBKEY"), -1);
    if (v->keys->len < 200)
        g_string_append_printf(v->keys, "%s%.40s", v->keys->len ? "," : "", key);
}

static void on_status(const char *line, gpointer data)
{
    struct verdict *v = data;
    static const char prefix[] = "[GNUPG:] ";
    if (!g_str_has_prefix(line, prefix))
        return;
    line += strlen(prefix);
    v->lines++;
    if (says(line, "NEWSIG"))
        v->named = FALSE;
    else if (says(line, "GOODSIG"))
        v->named = TRUE;
    else if (says(line, "VALIDSIG")) {
        v->good += v->named;
        v->named = FALSE;
    } else if (says(line, "BADSIG"))
        v->bad++;
    else if (says(line, "EXPSIG") || says(line, "EXPKEYSIG"))
        v->expired++;
    else if (says(line, "REVKEYSIG"))
        v->revoked++;
    else if (says(line, "NO_PUBKEY"))
        on_missing(v, line);
    else if (says(line, "PLAINTEXT"))
        v->plaintexts++;
}

static gboolean verify_refuse(const struct media_signature *s, const struct verdict *v,
                              GError **error)
{
    if (v->bad)
        ingot_set_error(error, INGOT_EXIT_MEDIA,
                        "it was changed after it was signed: try another mirror",
                        "the signature of %s is wrong", s->name);
    else if (v->revoked)
        ingot_set_error(error, INGOT_EXIT_MEDIA, "find out why this key was revoked",
                        "%s is signed by a key that was revoked", s->name);
    else if (v->expired)
        ingot_set_error(error, INGOT_EXIT_MEDIA,
                        "install the current version of the keyring's package",
                        "%s is signed by a key, or with a signature, that has expired", s->name);
    else if (v->missing)
        ingot_set_error(error, INGOT_EXIT_MEDIA,
                        "use the keyring of that archive; for a newer release, install the current "
                        "version of its package",
                        "%s is signed by keys that are not in the keyring %s:%s", s->name,
                        s->keyring, v->keys->str);
    else if (v->plaintexts > 1)
        ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "%s has more than one signed part", s->name);
    else
        ingot_set_error(
            error, INGOT_EXIT_MEDIA,
            "another file, or the login page of a network, may have been served instead",
            "%s has no valid signature", s->name);
    return FALSE;
}

/* gpgv fails as soon as one of several signatures is by a key it does not know; an archive signs
 * with the keys of several releases.  A failure for any other reason is refused. */
static gboolean accept(const struct media_signature *s, const struct verdict *v,
                       const GError *failure, GError **error)
{
    gboolean one_text = s->detached || v->plaintexts == 1;
    gboolean explained = !failure || v->missing || v->expired || v->revoked;
    if (v->good && !v->bad && one_text && explained)
        return TRUE;
    return verify_refuse(s, v, error);
}

/* gpgv gave up before it looked at a signature, or is not there. */
static void fail_unheard(const struct media_signature *s, const GError *failure, GError **error)
{
    g_autofree char *program = g_find_program_in_path("gpgv");
    g_autofree char *why = ingot_error_text(failure);
    g_autofree char *shown = text_printable(why, -1);
    if (program)
        ingot_set_error(error, INGOT_EXIT_MEDIA,
                        "one of the two may not be a signature or a keyring",
                        "cannot verify the signature of %s: %s", s->name, shown);
    else
        ingot_set_error(error, INGOT_EXIT_HOST, "install the package gpgv",
                        "cannot verify the signature of %s: gpgv is not installed", s->name);
}

static gboolean media_verify_run(const struct media_signature *s, const char *keyring,
                                 const char *output, GCancellable *cancel, GError **error)
{
    struct verdict v = {.keys = g_string_new(NULL)};
    g_autofree char *file = g_canonicalize_filename(s->file, NULL);
    g_autofree char *detached = s->detached ? g_canonicalize_filename(s->detached, NULL) : NULL;
    static const char *const env[] = {"LC_ALL=C", NULL};
    const char *const clear[] = {GPGV,   s->work, "--keyring", keyring, "--output",
                                 output, "--",    file,        NULL};
    const char *const apart[] = {GPGV, s->work, "--keyring", keyring, "--", detached, file, NULL};
    struct spawn_options options = {.env = env, .on_line = on_status, .data = &v, .cancel = cancel};
    g_autoptr(GError) local = NULL;
    gboolean good = spawn_run(detached ? apart : clear, &options, NULL, &local);
    if (g_cancellable_set_error_if_cancelled(cancel, error))
        good = FALSE;
    else if (!good && !v.lines)
        fail_unheard(s, local, error);
    else
        good = accept(s, &v, local, error);
    g_string_free(v.keys, TRUE);
    return good;
}

gboolean media_verify(const struct media_signature *signature, GCancellable *cancel, char **text,
                      gsize *length, GError **error)
{
    g_autofree char *keyring = usable_keyring(signature, error);
    g_autofree char *output = g_build_filename(signature->work, "signed", NULL);
    if (!keyring || !media_verify_run(signature, keyring, output, cancel, error))
        return FALSE;
    if (!text || signature->detached)
        return TRUE;
    *text = files_read(output, SIGNED_MAX, length, error);
    return *text != NULL;
}
