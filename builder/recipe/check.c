/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "recipe/internal.h"

#include "base/firmware.h"

#include <string.h>

/* The rules between keys. */

gboolean recipe_has(const struct recipe *of, const char *key)
{
    return g_hash_table_contains(of->places, key);
}

static gboolean has(const struct reading *r, const char *key)
{
    return recipe_has(r->recipe, key);
}

static void complain(const struct reading *r, const char *key, const char *hint,
                     const char *message)
{
    recipe_problem(r->problems, r->recipe, key, hint, "%s: %s", key, message);
}

/* ---- media ---- */

static const struct {
    const char *key;
    enum recipe_media_kind kind;
} media_kinds[] = {
    {"media.apt", RECIPE_MEDIA_APT},
    {"media.url", RECIPE_MEDIA_URL},
    {"media.path", RECIPE_MEDIA_PATH},
};

static gboolean has_below(const struct reading *r, const char *prefix)
{
    GHashTableIter iter;
    gpointer key = NULL;
    g_hash_table_iter_init(&iter, r->recipe->places);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        if (g_str_has_prefix(key, prefix))
            return TRUE;
    return FALSE;
}

static guint count_kinds(const struct reading *r)
{
    guint count = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(media_kinds); i++) {
        if (!has(r, media_kinds[i].key))
            continue;
        r->recipe->media.kind = media_kinds[i].kind;
        if (++count > 1)
            complain(r, media_kinds[i].key, "remove all but one",
                     "exactly one of apt, url and path says where the installer is");
    }
    return count;
}

static void check_apt(const struct reading *r)
{
    static const char *const others[] = {"media.sha256", "media.signature", NULL};
    for (const char *const *key = others; *key; key++)
        if (has(r, *key))
            complain(r, *key, "remove it",
                     "is for url and path; apt media are verified by the archive's signature");
}

static void check_file(const struct reading *r)
{
    if (r->recipe->media.kind == RECIPE_MEDIA_URL && !has(r, "media.sha256") &&
        !has(r, "media.signature"))
        complain(r, "media.url", "add media.sha256, or media.signature and media.keyring",
                 "a download must be verified by a digest or a signature");
    if (has(r, "media.signature") && !has(r, "media.keyring"))
        complain(r, "media.signature", "add media.keyring",
                 "a signature proves nothing without a keyring");
    if (has(r, "media.keyring") && !has(r, "media.signature"))
        complain(r, "media.keyring", "add media.signature, or remove the keyring",
                 "there is no signature to check with this keyring");
}

static void check_media(const struct reading *r)
{
    guint kinds = count_kinds(r);
    if (kinds == 0 && has_below(r, "media."))
        complain(r, "media", "add 'apt: {}' for the installer's own package",
                 "one of apt, url and path must say where the installer is");
    if (kinds != 1)
        return;
    if (r->recipe->media.kind == RECIPE_MEDIA_APT)
        check_apt(r);
    else
        check_file(r);
}

/* ---- media that are booted as they are ---- */

static void check_boot_command(const struct reading *r)
{
    static const char *const inner[] = {"media.kernel", "media.initrd", NULL};
    if (r->recipe->media.kind == RECIPE_MEDIA_APT)
        complain(r, "boot.command", "say where it is with media.url or media.path",
                 "a boot command is typed at the boot loader of an ISO image");
    for (const char *const *key = inner; *key; key++)
        if (has(r, *key))
            complain(r, *key, "remove it, or boot.command",
                     "a medium with a boot command is booted unchanged");
}

static void check_boot(const struct reading *r)
{
    if (has(r, "boot.command"))
        check_boot_command(r);
    else if (has(r, "boot.seed"))
        complain(r, "boot.seed", "add boot.command, or remove it",
                 "is only for media with a boot command");
}

static void check_machine(const struct reading *r)
{
    const struct firmware_kind *kind = firmware_kind_find(r->recipe->firmware);
    const char *arch = r->recipe->arch;
    if (!kind || !arch || firmware_kind_package(kind, arch))
        return;
    g_autofree char *text = g_strdup_printf("machines of %s have no %s", arch, kind->title);
    complain(r, "machine.firmware", "leave it out", text);
}

/* ---- accounts ---- */

/* Accounts of the base system: base-passwd of Debian, and setup of the Fedora and SUSE families. */
static const char *const system_users[] = {
    "root",  "daemon", "bin",      "sys",  "sync", "games",    "man",    "lp",         "mail",
    "news",  "uucp",   "proxy",    "list", "irc",  "_apt",     "nobody", "www-data",   "backup",
    "gnats", "adm",    "shutdown", "halt", "ftp",  "operator", "sshd",   "messagebus", NULL};

static void recipe_check_passwords(const struct reading *r, const char *account)
{
    g_autofree char *password = g_strconcat(account, ".password", NULL);
    g_autofree char *hash = g_strconcat(account, ".password_hash", NULL);
    if (has(r, password) && has(r, hash))
        complain(r, hash, "remove one of them", "password and password_hash exclude each other");
}

static void check_user_name(const struct reading *r, guint index, GHashTable *seen)
{
    const struct recipe_user *user = g_ptr_array_index(r->recipe->users, index);
    g_autofree char *key = g_strdup_printf("users[%u].name", index);
    if (!user->name)
        return;
    if (strcmp(user->name, "root") == 0)
        complain(r, key, "use the top-level key \"root\"", "root already exists");
    else if (g_strv_contains(system_users, user->name))
        complain(r, key, "choose another name", "this account belongs to the system");
    else if (!g_hash_table_add(seen, user->name))
        complain(r, key, "choose another name", "a user of this name is already in the list");
}

static void check_accounts(const struct reading *r)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    recipe_check_passwords(r, "root");
    for (guint i = 0; i < r->recipe->users->len; i++) {
        g_autofree char *account = g_strdup_printf("users[%u]", i);
        recipe_check_passwords(r, account);
        check_user_name(r, i, seen);
    }
}

/* A list that is left out has its default. */
static void check_outputs(const struct reading *r)
{
    if (!*r->recipe->outputs && !has(r, "outputs[0]"))
        complain(r, "outputs", "name a format, or leave the key out",
                 "a template without any file cannot be used");
}

static void check_limits(const struct reading *r)
{
    const struct recipe *of = r->recipe;
    if (of->limit_inactivity <= of->limit_total)
        return;
    g_autofree char *total = types_duration(of->limit_total);
    g_autofree char *inactivity = types_duration(of->limit_inactivity);
    recipe_problem(r->problems, of,
                   has(r, "limits.inactivity") ? "limits.inactivity" : "limits.total",
                   "make limits.inactivity at most limits.total",
                   "limits: the inactivity limit of %s is longer than the total limit of %s",
                   inactivity, total);
}

void check_recipe(const struct reading *reading)
{
    check_media(reading);
    check_boot(reading);
    check_machine(reading);
    check_accounts(reading);
    check_outputs(reading);
    check_limits(reading);
}
