/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what somebody asks to be put into an image to what is put there. */
#include "sysprep/sysprep.h"

#include "base/error.h"
#include "base/files.h"
#include "base/password.h"
#include "base/text.h"

#include <string.h>
#include <unistd.h>

#define FROM_ENV   "env:"
#define KEYS_LIMIT (64u << 10)

struct customisation {
    struct sysprep_customise spec;
    gboolean any;
    char *hash, *hash_old;
    GArray *keys, *copies; /* of struct sysprep_key and sysprep_copy, zero-terminated */
    GPtrArray *texts;      /* that those point to */
    char **packages;
};

void customisation_free(customisation *c)
{
    if (!c)
        return;
    g_free(c->hash);
    g_free(c->hash_old);
    g_array_unref(c->keys);
    g_array_unref(c->copies);
    g_ptr_array_unref(c->texts);
    g_strfreev(c->packages);
    g_free(c);
}

const struct sysprep_customise *customisation_spec(const customisation *c)
{
    return c->any ? &c->spec : NULL;
}

static const char *request_keep(customisation *c, char *owned)
{
    g_ptr_array_add(c->texts, owned);
    return owned;
}

static gboolean request_refuse(GError **error, const char *hint, const char *what,
                               const char *value)
{
    ingot_set_error(error, INGOT_EXIT_USAGE, hint, "%s: '%s'", what, value);
    return FALSE;
}

/* ---- root's password ---- */

static char *password_of_file(const char *path, GError **error)
{
    g_autoptr(GError) local = NULL;
    char *text = secret_from_file(path, &local);
    if (text)
        text[strcspn(text, "\r\n")] = '\0';
    else if (g_error_matches(local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_propagate_error(error, g_steal_pointer(&local));
    else
        ingot_set_error(error, INGOT_EXIT_USAGE, "check the path after " SECRET_FILE,
                        "--root-password: %s", local->message);
    return text;
}

/* The first line of a file or a variable; the caller owns it (secret_free). */
static char *read_password(const secrets *hidden, const char *source, GError **error)
{
    if (g_str_has_prefix(source, SECRET_FILE))
        return password_of_file(source + strlen(SECRET_FILE), error);
    const char *name = g_str_has_prefix(source, FROM_ENV) ? source + strlen(FROM_ENV) : NULL;
    const char *value = name ? secrets_variable(hidden, name) : NULL;
    if (name && !value)
        request_refuse(error, "set it in the environment of ingot",
                       "--root-password: there is no variable", name);
    /* What may stand there is the password itself, which is not repeated. */
    if (!name)
        ingot_set_error(error, INGOT_EXIT_USAGE,
                        "--root-password takes file:PATH, env:NAME or locked; a password in clear "
                        "would be seen by all users of this host",
                        "--root-password does not say where the password is");
    return g_strdup(value);
}

static gboolean hash_password(const struct sysprep_request *r, secrets *hidden, customisation *to,
                              const char *password, GError **error)
{
    to->hash = password_hash(password, r->cache_dir, r->name, "root", error);
    to->hash_old =
        to->hash ? password_hash_old(password, r->cache_dir, r->name, "root", error) : NULL;
    if (!to->hash_old)
        return FALSE;
    secrets_add(hidden, to->hash);
    secrets_add(hidden, to->hash_old);
    to->spec.root_hash = to->hash;
    to->spec.root_hash_old = to->hash_old;
    return TRUE;
}

static gboolean take_password(const struct sysprep_request *r, secrets *hidden, customisation *to,
                              GError **error)
{
    if (!r->root_password)
        return TRUE;
    to->any = TRUE;
    to->spec.root_hash = to->spec.root_hash_old = "!";
    if (strcmp(r->root_password, "locked") == 0)
        return TRUE;
    char *password = read_password(hidden, r->root_password, error);
    if (!password)
        return FALSE;
    secrets_add(hidden, password);
    gboolean good =
        *password ? hash_password(r, hidden, to, password, error)
                  : request_refuse(error, "to lock root, say --root-password locked",
                                   "--root-password: the password is empty", r->root_password);
    secret_free(password);
    return good;
}

/* ---- keys, host name, packages, scripts, copies ---- */

static gboolean check_keys(const char *path, const char *text, GError **error)
{
    static const char line[] =
        "^(?:[^#\\s].*\\s)?(?:ssh-|ecdsa-|sk-)[a-z0-9@.-]+ +[A-Za-z0-9+/]+=*";
    if (strstr(text, "PRIVATE KEY"))
        return request_refuse(error, "give the .pub file", "--ssh-key: this is a private key",
                              path);
    return g_regex_match_simple(line, text, G_REGEX_RAW | G_REGEX_MULTILINE, 0) ||
           request_refuse(error, "give a file with public keys, as ssh-keygen makes them",
                          "--ssh-key: there is no key in", path);
}

static gboolean take_key(const char *value, customisation *to, GError **error)
{
    const char *colon = strchr(value, ':');
    g_autoptr(GError) local = NULL;
    if (!colon || colon == value || !colon[1])
        return request_refuse(error, "write USER:FILE", "--ssh-key is not understood", value);
    g_autofree char *keys = files_read(colon + 1, KEYS_LIMIT, NULL, &local);
    if (!keys) {
        ingot_set_error(error, INGOT_EXIT_USAGE, "write USER:FILE", "--ssh-key: %s",
                        local->message);
        return FALSE;
    }
    if (!check_keys(colon + 1, keys, error))
        return FALSE;
    struct sysprep_key key = {.user = request_keep(to, g_strndup(value, (gsize)(colon - value)))};
    key.keys = request_keep(to, g_steal_pointer(&keys));
    g_array_append_val(to->keys, key);
    return TRUE;
}

static gboolean take_copy(const char *value, customisation *to, GError **error)
{
    const char *colon = strrchr(value, ':');
    if (!colon || colon == value || colon[1] != '/')
        return request_refuse(error, "write LOCAL:GUESTDIR, where GUESTDIR is absolute",
                              "--copy-in is not understood", value);
    struct sysprep_copy copy = {.local = request_keep(to, g_strndup(value, (gsize)(colon - value))),
                                .directory = request_keep(to, g_strdup(colon + 1))};
    if (access(copy.local, R_OK) != 0)
        return request_refuse(error, "check the path, and that this user can read it",
                              "--copy-in: cannot read", copy.local);
    g_array_append_val(to->copies, copy);
    return TRUE;
}

static gboolean take_script(const char *path, GError **error)
{
    return (g_file_test(path, G_FILE_TEST_IS_REGULAR) && access(path, R_OK) == 0) ||
           request_refuse(error, "check the path, and that this user can read it",
                          "--run: this is no file that can be read", path);
}

/* hostname(7). */
static gboolean take_hostname(const char *name, customisation *to, GError **error)
{
    static const char form[] = "^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
                               "(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$";
    if (!name)
        return TRUE;
    to->any = TRUE;
    to->spec.hostname = name;
    return g_regex_match_simple(form, name, G_REGEX_DOLLAR_ENDONLY, 0) ||
           request_refuse(error, "letters, digits, '-' and '.'", "--hostname: this is no host name",
                          name);
}

/* The names become part of a command in the guest; behind each may stand what its package manager
 * takes there, a version or an architecture ("vim=2:9.1", "libc6:i386"). */
static gboolean take_packages(const char *list, customisation *to, GError **error)
{
    if (!list)
        return TRUE;
    to->any = TRUE;
    to->packages = g_strsplit(list, ",", -1);
    to->spec.packages = (const char *const *)to->packages;
    for (char **name = to->packages; *name; name++)
        if (!g_regex_match_simple("^" TEXT_PACKAGE_NAME "[A-Za-z0-9.+_:~=@-]*$", *name,
                                  G_REGEX_DOLLAR_ENDONLY, 0))
            return request_refuse(error, "write NAME,NAME…", "--install: this is no package name",
                                  *name);
    return TRUE;
}

typedef gboolean (*take_fn)(const char *value, customisation *to, GError **error);

static gboolean take_each(const char *const *values, take_fn take, customisation *to,
                          GError **error)
{
    gboolean good = TRUE;
    for (; good && values && *values; values++) {
        to->any = TRUE;
        good = take(*values, to, error);
    }
    return good;
}

static gboolean take_scripts(const char *const *scripts, customisation *to, GError **error)
{
    to->any |= scripts != NULL;
    to->spec.scripts = scripts;
    gboolean good = TRUE;
    for (; good && scripts && *scripts; scripts++)
        good = take_script(*scripts, error);
    return good;
}

customisation *customisation_new(const struct sysprep_request *r, secrets *hidden, GError **error)
{
    g_autoptr(customisation) to = g_new0(customisation, 1);
    to->keys = g_array_new(TRUE, TRUE, sizeof(struct sysprep_key));
    to->copies = g_array_new(TRUE, TRUE, sizeof(struct sysprep_copy));
    to->texts = g_ptr_array_new_with_free_func(g_free);
    if (!take_password(r, hidden, to, error) || !take_each(r->ssh_keys, take_key, to, error) ||
        !take_each(r->copies, take_copy, to, error) || !take_scripts(r->scripts, to, error) ||
        !take_hostname(r->hostname, to, error) || !take_packages(r->packages, to, error))
        return NULL;
    to->spec.keys =
        to->keys->len ? (const struct sysprep_key *)(gconstpointer)to->keys->data : NULL;
    to->spec.copies =
        to->copies->len ? (const struct sysprep_copy *)(gconstpointer)to->copies->data : NULL;
    return g_steal_pointer(&to);
}
