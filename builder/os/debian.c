/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "os/debian.h"

#include "base/error.h"
#include "base/files.h"
#include "debian/debian.h"

#include <string.h>

#define KICKSTART_MAX (1u << 20)

const struct os_packaging debian_packaging = {
    .source = &deb_source,
    .database = &deb_dpkg,
    .components = "main",
    .is_package = deb_is_wanted_name,
    .package_what = DEB_NAME_WHAT,
    .package_advice = deb_name_advice,
    .archive_arch = deb_arch_of_machine,
};

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static void debian_put(GHashTable *values, const char *key, char *value)
{
    g_hash_table_insert(values, (gpointer)key, value);
}

static char *debian_joined(const char *const *words, const char *between)
{
    return g_strjoinv(between, (char **)words);
}

/* ---- words that go into shell commands and argument lists of the installer as they are ---- */

struct rule {
    const char *what, *pattern;
};

static const struct rule account = {"user name", "^[a-z][a-z0-9_-]*$"};
static const struct rule group_name = {"group name", "^[a-z_][a-z0-9_-]*$"};
static const struct rule package_name = {"package name", "^" DEB_NAME_PATTERN "$"};
static const struct rule kernel_argument = {"kernel argument", "^[^\\s\"'$`\\\\;&|<>()]+$"};

static gboolean debian_fits(const struct rule *rule, const char *const *words, GError **error)
{
    for (; *words; words++) {
        if (g_utf8_validate(*words, -1, NULL) &&
            g_regex_match_simple(rule->pattern, *words, G_REGEX_DOLLAR_ENDONLY, 0))
            continue;
        ingot_set_error(error, INGOT_EXIT_RECIPE, NULL,
                        "the %s '%s' has characters that the installer does not accept", rule->what,
                        *words);
        return FALSE;
    }
    return TRUE;
}

static gboolean debian_check_words(const struct os_answers *a, GError **error)
{
    const char *const kernel[] = {a->kernel_package, NULL};
    for (gsize i = 0; i < a->n_users; i++) {
        const char *const name[] = {a->users[i].name, NULL};
        if (!debian_fits(&account, name, error) ||
            !debian_fits(&group_name, a->users[i].groups, error))
            return FALSE;
    }
    return debian_fits(&package_name, a->packages, error) &&
           debian_fits(&package_name, kernel, error) &&
           debian_fits(&kernel_argument, a->kernel_args, error);
}

/* ---- values ---- */

/* "host:port"; an address of IPv6 is in brackets (RFC 3986, 3.2.2). */
static char *authority(GUri *uri)
{
    const char *host = or_empty(g_uri_get_host(uri));
    gboolean brackets = strchr(host, ':') != NULL;
    g_autofree char *name =
        g_strdup_printf("%s%s%s", brackets ? "[" : "", host, brackets ? "]" : "");
    int port = g_uri_get_port(uri);
    return port > 0 ? g_strdup_printf("%s:%d", name, port) : g_steal_pointer(&name);
}

/* protocol://host[:port]/directory; without a mirror host and directory are empty, and the
 * installer takes its own default. */
static gboolean put_mirror(GHashTable *values, const char *mirror, GError **error)
{
    /* GLib takes a blank in a URL; in the answer file it would begin another word. */
    gboolean whole = mirror && !strpbrk(mirror, " \t\r\n");
    g_autoptr(GUri) uri = whole ? g_uri_parse(mirror, G_URI_FLAGS_ENCODED, NULL) : NULL;
    if (mirror && !uri) {
        ingot_set_error(error, INGOT_EXIT_RECIPE, NULL, "the mirror '%s' is not a URL", mirror);
        return FALSE;
    }
    const char *path = uri ? g_uri_get_path(uri) : "";
    debian_put(values, "mirror_protocol", g_strdup(uri ? g_uri_get_scheme(uri) : "http"));
    debian_put(values, "mirror_host", uri ? authority(uri) : g_strdup(""));
    debian_put(values, "mirror_directory", g_strdup(uri && !*path ? "/" : path));
    return TRUE;
}

/* Puts the user's ssh keys where the account's home is. */
static void add_keys(GString *script, const struct os_user *u, const char *name)
{
    g_autofree char *keys = debian_joined(u->ssh_keys, "\n");
    g_autofree char *quoted = g_shell_quote(keys);
    g_string_append_printf(script,
                           "ssh=$(getent passwd %s | cut -d: -f6)/.ssh\n"
                           "mkdir -p \"$ssh\"\n"
                           "printf '%%s\\n' %s >\"$ssh/authorized_keys\"\n"
                           "chmod 700 \"$ssh\"\n"
                           "chmod 600 \"$ssh/authorized_keys\"\n"
                           "chown -R %s: \"$ssh\"\n",
                           name, quoted, name);
}

/* The installer creates the first user; a script in the new system creates the others. */
static void add_user(GString *script, const struct os_user *u)
{
    g_autofree char *name = g_shell_quote(u->name);
    g_autofree char *fullname = g_shell_quote(or_empty(u->fullname));
    g_autofree char *hash = g_shell_quote(u->password_hash ? u->password_hash : "!");
    g_string_append_printf(script, "adduser --disabled-password --comment %s %s\n", fullname, name);
    g_string_append_printf(script, "usermod --password %s %s\n", hash, name);
    for (const char *const *g = u->groups; *g; g++) {
        g_autofree char *group = g_shell_quote(*g);
        g_string_append_printf(script, "adduser %s %s\n", name, group);
    }
    if (*u->ssh_keys)
        add_keys(script, u, name);
}

static void put_users(GHashTable *values, const struct os_answers *a, gsize first_user)
{
    static const char *const nothing[] = {NULL};
    static const struct os_user nobody = {.groups = nothing, .ssh_keys = nothing};
    const struct os_user *root = &a->users[0];
    const struct os_user *first = a->n_users > 1 ? &a->users[1] : &nobody;
    GString *script = g_string_new(NULL);
    for (gsize i = first_user; i < a->n_users; i++)
        add_user(script, &a->users[i]);
    debian_put(values, "root_password_hash", g_strdup(or_empty(root->password_hash)));
    debian_put(values, "ssh_keys_root", debian_joined(root->ssh_keys, "\n"));
    debian_put(values, "user_name", g_strdup(or_empty(first->name)));
    debian_put(values, "user_fullname", g_strdup(or_empty(first->fullname)));
    debian_put(values, "user_password_hash", g_strdup(or_empty(first->password_hash)));
    debian_put(values, "user_groups", debian_joined(first->groups, " "));
    debian_put(values, "ssh_keys_user", debian_joined(first->ssh_keys, "\n"));
    debian_put(values, "users_script", g_string_free(script, FALSE));
}

static void debian_put_packages(GHashTable *values, const struct os_packages *packages)
{
    debian_put(values, "components", g_strdup(packages ? packages->components : "main"));
    debian_put(values, "grub_package", g_strdup(packages ? packages->loader : ""));
    debian_put(values, "grub_target", g_strdup(packages ? packages->loader_target : ""));
    debian_put(values, "efi", g_strdup(packages && packages->efi ? "true" : ""));
}

static GHashTable *values_new(const struct os_answers *a, gsize first_user, GError **error)
{
    GHashTable *values = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    const char *const plain[][2] = {
        {"locale", a->locale},
        {"timezone", a->timezone},
        {"keyboard", a->keyboard},
        {"hostname", a->hostname},
        {"domain", a->domain},
        {"proxy", a->proxy},
        {"suite", a->release},
        {"disk", a->disk},
        {"filesystem", a->filesystem},
        {"kernel_package", a->kernel_package},
        {"serial_console", a->serial_console ? "true" : ""},
        {"final_mirror", a->final_mirror},
        {"security_mirror", a->security_mirror},
        {"extra", a->extra},
        {"late_command", a->late_command},
        {"serial_name", a->serial_name},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(plain); i++)
        debian_put(values, plain[i][0], g_strdup(or_empty(plain[i][1])));
    debian_put(values, "packages", debian_joined(a->packages, " "));
    debian_put(values, "kernel_args", debian_joined(a->kernel_args, " "));
    put_users(values, a, first_user);
    debian_put_packages(values, a->sources);
    if (put_mirror(values, a->mirror, error))
        return values;
    g_hash_table_unref(values);
    return NULL;
}

GHashTable *debian_values(const struct os_answers *a, gsize first_user, GError **error)
{
    return debian_check_words(a, error) ? values_new(a, first_user, error) : NULL;
}

/* ---- files ---- */

static struct os_file *make_file(const struct debian_source *s, const char *data_dir,
                                 GHashTable *values, GError **error)
{
    gsize length = 0;
    g_autofree char *from = g_build_filename(data_dir, "kickstart", s->file, NULL);
    g_autofree char *text = files_read(from, KICKSTART_MAX, &length, error);
    if (!text)
        return NULL;
    if (s->escape) {
        g_autofree char *rendered = template_render(s->file, text, values, s->escape, error);
        if (!rendered)
            return NULL;
        g_free(text);
        text = g_steal_pointer(&rendered);
        length = strlen(text);
    }
    struct os_file *f = g_new0(struct os_file, 1);
    f->path = g_strdup(s->path);
    f->data = g_bytes_new(text, length);
    f->mode = s->mode;
    return f;
}

GPtrArray *debian_files(const struct debian_source *sources, gsize n, const char *data_dir,
                        GHashTable *values, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func((GDestroyNotify)os_file_free);
    for (gsize i = 0; i < n; i++) {
        struct os_file *f = make_file(&sources[i], data_dir, values, error);
        if (!f)
            return NULL;
        g_ptr_array_add(files, f);
    }
    return g_steal_pointer(&files);
}
