/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/customise.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>
#include <sys/stat.h>

/* ---- root's password ---- */

char *customise_shadow(const char *text, const char *hash)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    gboolean found = FALSE;
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, ":", 3);
        if (g_strv_length(fields) != 3 || strcmp(fields[0], "root") != 0)
            continue;
        g_free(*line);
        *line = g_strdup_printf("root:%s:%s", hash, fields[2]);
        found = TRUE;
    }
    return found ? g_strjoinv("\n", lines) : NULL;
}

/* crypt(5): yescrypt came with libxcrypt 4.3.  Its library, or its own name for it, shows
 * whether it is available; the glibc of RHEL 7 and Alpine's musl do not know it. */
static gboolean knows_yescrypt(guest *g, gboolean *yes, GError **error)
{
    return guest_any(g, "/{usr/,}lib{,64}/{,*-linux-gnu*/}libcrypt.so.{1.1.*,2,2.*}", yes, error);
}

static gboolean set_password(guest *g, const struct sysprep_customise *c, GError **error)
{
    gboolean modern;
    g_autofree char *text = NULL;
    if (!c->root_hash)
        return TRUE;
    if (!knows_yescrypt(g, &modern, error) || !guest_read(g, "/etc/shadow", &text, error))
        return FALSE;
    const char *hash = modern || !c->root_hash_old ? c->root_hash : c->root_hash_old;
    g_autofree char *edited = text ? customise_shadow(text, hash) : NULL;
    if (!edited) {
        ingot_set_error(error, INGOT_EXIT_SEAL, "leave out --root-password",
                        "the guest has no root in /etc/shadow");
        return FALSE;
    }
    return guest_write_file(g, "/etc/shadow", edited, error);
}

/* ---- SSH keys ---- */

char *customise_keys(const char *text, const char *keys)
{
    GString *all = g_string_new(text ? text : "");
    if (all->len && all->str[all->len - 1] != '\n')
        g_string_append_c(all, '\n');
    g_auto(GStrv) had = g_strsplit(all->str, "\n", -1);
    g_auto(GStrv) lines = g_strsplit(keys, "\n", -1);
    for (char **line = lines; *line; line++)
        if (*g_strstrip(*line) && !g_strv_contains((const char *const *)had, *line))
            g_string_append_printf(all, "%s\n", *line);
    return g_string_free(all, FALSE);
}

static const struct account *find_user(const GPtrArray *accounts, const char *user, GError **error)
{
    const struct account *a = accounts_find(accounts, user);
    if (a && *a->home)
        return a;
    ingot_set_error(error, INGOT_EXIT_SEAL, "name an account of the guest's /etc/passwd",
                    a ? "the home directory of %s in the guest is not a usable path"
                      : "the guest has no account %s",
                    user);
    return NULL;
}

/* sshd(8) refuses keys in files that others can write.  A link in the place of one of the two
 * would make us write somebody else's file and give it away. */
static gboolean check_type(guest *g, const char *path, mode_t type, GError **error)
{
    struct guest_stat info;
    if (!guest_stat(g, path, &info, error))
        return FALSE;
    gboolean good = !info.mode || ((mode_t)info.mode & S_IFMT) == type;
    if (!good)
        ingot_set_error(error, INGOT_EXIT_SEAL, "remove it, or leave out --ssh-key",
                        "%s in the guest is not what it should be", path);
    return good;
}

static gboolean own(guest *g, const struct account *a, const char *path, guint mode, GError **error)
{
    return guest_chown(g, path, a->uid, a->gid, error) && guest_chmod(g, path, mode, error);
}

static gboolean put_keys(guest *g, const struct account *a, const char *keys, GError **error)
{
    g_autofree char *folder = g_build_filename(a->home, ".ssh", NULL);
    g_autofree char *file = g_build_filename(folder, "authorized_keys", NULL);
    g_autofree char *text = NULL;
    gboolean home;
    if (!guest_is_directory(g, a->home, &home, error))
        return FALSE;
    if (!home) {
        ingot_set_error(error, INGOT_EXIT_SEAL, "make the home directory first, with --run",
                        "%s in the guest is not a directory", a->home);
        return FALSE;
    }
    if (!check_type(g, folder, S_IFDIR, error) || !check_type(g, file, S_IFREG, error))
        return FALSE;
    if (!guest_mkdirs(g, folder, error) || !guest_read(g, file, &text, error))
        return FALSE;
    g_autofree char *all = customise_keys(text, keys);
    return guest_write_file(g, file, all, error) && own(g, a, folder, 0700, error) &&
           own(g, a, file, 0600, error);
}

static gboolean set_keys(guest *g, const struct sysprep_key *keys, GError **error)
{
    if (!keys || !keys->user)
        return TRUE;
    g_autoptr(GPtrArray) accounts = guest_accounts(g, error);
    gboolean good = accounts != NULL;
    for (; good && keys->user; keys++) {
        const struct account *a = find_user(accounts, keys->user, error);
        good = a && put_keys(g, a, keys->keys, error);
    }
    return good;
}

/* ---- the host name ---- */

char *customise_hosts(const char *text, const char *from, const char *to)
{
    g_autofree char *name = g_regex_escape_string(from, -1);
    g_autofree char *line = g_strdup_printf("(?<=[ \t])%s(?=[ \t.\r\n]|$)", name);
    g_autofree char *label = g_strndup(to, strcspn(to, "."));
    g_autoptr(GRegex) regex = g_regex_new(line, G_REGEX_RAW | G_REGEX_MULTILINE, 0, NULL);
    char *edited =
        *from ? g_regex_replace_literal(regex, text, -1, 0, label, 0, NULL) : g_strdup(text);
    return edited ? edited : g_strdup(text);
}

/* "127.0.1.1 old" would leave sudo(8) waiting for a name server. */
static gboolean set_hosts(guest *g, const char *from, const char *to, GError **error)
{
    g_autofree char *text = NULL;
    if (!guest_read(g, "/etc/hosts", &text, error))
        return FALSE;
    g_autofree char *edited = text ? customise_hosts(text, from, to) : NULL;
    return !edited || strcmp(edited, text) == 0 || guest_write_file(g, "/etc/hosts", edited, error);
}

static gboolean set_hostname(guest *g, const char *name, GError **error)
{
    if (!name)
        return TRUE;
    g_autofree char *old = NULL;
    g_autofree char *line = g_strconcat(name, "\n", NULL);
    g_autofree char *replacement = g_strdup_printf("HOSTNAME=%s", name);
    /* sysconfig.txt of initscripts, before systemd. */
    const struct guest_line_rule sysconfig = {"/etc/sysconfig/network", "^HOSTNAME=.*", replacement,
                                              "a host name"};
    if (!guest_read(g, "/etc/hostname", &old, error))
        return FALSE;
    g_autofree char *label = g_strndup(old ? old : "", strcspn(old ? old : "", ".\n"));
    if (strcmp(label, "localhost") == 0)
        *label = '\0';
    return guest_write_file(g, "/etc/hostname", line, error) &&
           set_hosts(g, g_strstrip(label), name, error) && guest_edit(g, &sysconfig, error);
}

/* ---- all of it ---- */

/* The appliance has no SELinux, so that new files have no label, and sshd may not read them. */
static gboolean relabel(guest *g, GError **error)
{
    static const struct guest_line_rule enabled = {
        "/etc/selinux/config", "^[ \t]*SELINUX[ \t]*=[ \t]*(enforcing|permissive)", NULL,
        "SELinux"};
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    if (!guest_find_line(g, &enabled, found, error))
        return FALSE;
    if (!found->len)
        return TRUE;
    progress_detail(g->p, "the guest sets its SELinux labels at first boot (/.autorelabel)");
    return guest_write_file(g, "/.autorelabel", "", error);
}

gboolean customise_after(guest *g, const struct sysprep_customise *c, GError **error)
{
    if (!c)
        return TRUE;
    g->doing = CUSTOMISE;
    gboolean good = set_password(g, c, error) && set_keys(g, c->keys, error) &&
                    set_hostname(g, c->hostname, error) && relabel(g, error);
    g->doing = NULL;
    if (!good)
        g_prefix_error(error, CUSTOMISE ": ");
    return good;
}
