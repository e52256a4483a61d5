/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "os/os.h"

#include "base/error.h"
#include "base/files.h"
#include "os/template.h"

#include <string.h>

/* debian-installer (d-i): preseed on its initrd, and helpers beside it that take out what the
 * installer does twice or for nobody (docs/performance.md).  The installer's own manual is
 * installation-guide, appendix B. */

#define KICKSTART_MAX (1u << 20)

/* Files of kickstart/ and where the installer finds them. */
struct source {
    const char *file, *path;
    guint mode;
    template_escape_fn escape; /* NULL: no template */
};

static const struct source sources[] = {
    {"debian.preseed", "preseed.cfg", 0600, template_escape_preseed},
    /* The hooks that the installer's startup sources, in the order of their names. */
    {"debian-installer/startup.sh", "usr/lib/debian-installer-startup.d/S00ingot", 0644, NULL},
    {"debian-installer/values.sh", "ingot/values.sh", 0600, template_escape_shell},
    {"debian-installer/late.sh", "ingot/late.sh", 0644, NULL},
    {"debian-installer/finish.sh", "ingot/finish.sh", 0755, NULL},
    {"debian-installer/net-retriever.sh", "ingot/net-retriever.sh", 0755, NULL},
    {"debian-installer/depmod.sh", "ingot/depmod.sh", 0755, NULL},
    {"debian-installer/debconf-set-selections.sh", "ingot/debconf-set-selections.sh", 0755, NULL},
    {"debian-installer/debootstrap.sh", "ingot/debootstrap.sh", 0644, NULL},
    {"debian-installer/apt-get.sh", "ingot/apt-get.sh", 0644, NULL},
    {"debian-installer/closure.awk", "ingot/closure.awk", 0644, NULL},
};

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static void put(GHashTable *values, const char *key, char *value)
{
    g_hash_table_insert(values, (gpointer)key, value);
}

static char *joined(const char *const *words, const char *between)
{
    return g_strjoinv(between, (char **)words);
}

/* ---- words that go into shell commands and argument lists of the installer as they are ---- */

struct rule {
    const char *what, *pattern;
};

static const struct rule account = {"user name", "^[a-z][a-z0-9_-]*$"};
static const struct rule group_name = {"group name", "^[a-z_][a-z0-9_-]*$"};
static const struct rule package_name = {"package name", "^[a-z0-9][a-z0-9+.-]*$"};
static const struct rule kernel_argument = {"kernel argument", "^[^\\s\"'$`\\\\;&|<>()]+$"};

static gboolean fits(const struct rule *rule, const char *const *words, GError **error)
{
    for (; *words; words++) {
        if (g_utf8_validate(*words, -1, NULL) &&
            g_regex_match_simple(rule->pattern, *words, G_REGEX_DOLLAR_ENDONLY, 0))
            continue;
        ingot_set_error(error, INGOT_EXIT_RECIPE, NULL,
                        "the %s '%s' has characters that debian-installer cannot take", rule->what,
                        *words);
        return FALSE;
    }
    return TRUE;
}

static gboolean check_words(const struct os_answers *a, GError **error)
{
    const char *const kernel[] = {a->kernel_package, NULL};
    for (gsize i = 0; i < a->n_users; i++) {
        const char *const name[] = {a->users[i].name, NULL};
        if (!fits(&account, name, error) || !fits(&group_name, a->users[i].groups, error))
            return FALSE;
    }
    return fits(&package_name, a->packages, error) && fits(&package_name, kernel, error) &&
           fits(&kernel_argument, a->kernel_args, error);
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
    put(values, "mirror_protocol", g_strdup(uri ? g_uri_get_scheme(uri) : "http"));
    put(values, "mirror_host", uri ? authority(uri) : g_strdup(""));
    put(values, "mirror_directory", g_strdup(uri && !*path ? "/" : path));
    return TRUE;
}

/* Puts the user's ssh keys where the account's home is. */
static void add_keys(GString *script, const struct os_user *u, const char *name)
{
    g_autofree char *keys = joined(u->ssh_keys, "\n");
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

/* The installer makes the first user; the others are made by a script in the new system. */
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

static void put_users(GHashTable *values, const struct os_answers *a)
{
    static const char *const nothing[] = {NULL};
    static const struct os_user nobody = {.groups = nothing, .ssh_keys = nothing};
    const struct os_user *root = &a->users[0];
    const struct os_user *first = a->n_users > 1 ? &a->users[1] : &nobody;
    GString *script = g_string_new(NULL);
    for (gsize i = 2; i < a->n_users; i++)
        add_user(script, &a->users[i]);
    put(values, "root_password_hash", g_strdup(or_empty(root->password_hash)));
    put(values, "ssh_keys_root", joined(root->ssh_keys, "\n"));
    put(values, "user_name", g_strdup(or_empty(first->name)));
    put(values, "user_fullname", g_strdup(or_empty(first->fullname)));
    put(values, "user_password_hash", g_strdup(or_empty(first->password_hash)));
    put(values, "user_groups", joined(first->groups, " "));
    put(values, "ssh_keys_user", joined(first->ssh_keys, "\n"));
    put(values, "users_script", g_string_free(script, FALSE));
}

static GHashTable *values_new(const struct os_answers *a, GError **error)
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
    };
    for (gsize i = 0; i < G_N_ELEMENTS(plain); i++)
        put(values, plain[i][0], g_strdup(or_empty(plain[i][1])));
    put(values, "packages", joined(a->packages, " "));
    put(values, "kernel_args", joined(a->kernel_args, " "));
    put_users(values, a);
    if (put_mirror(values, a->mirror, error))
        return values;
    g_hash_table_unref(values);
    return NULL;
}

static struct os_file *make_file(const struct source *s, const char *data_dir, GHashTable *values,
                                 GError **error)
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

static GPtrArray *answer(const struct os_answers *a, const char *data_dir, GError **error)
{
    g_autoptr(GHashTable) values = check_words(a, error) ? values_new(a, error) : NULL;
    if (!values)
        return NULL;
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func((GDestroyNotify)os_file_free);
    for (gsize i = 0; i < G_N_ELEMENTS(sources); i++) {
        struct os_file *f = make_file(&sources[i], data_dir, values, error);
        if (!f)
            return NULL;
        g_ptr_array_add(files, f);
    }
    return g_steal_pointer(&files);
}

/* priority=critical: what the preseed leaves open gets its default; what has none is asked, and the
 * wait sees the question.  IPv6 off: the guest network of QEMU has no router, and waiting for one
 * costs half a minute.  norandmaps: addresses that differ in each process cost an emulated machine
 * the translation of every library, again and again (starting a program took 3.4 times as long).
 * What stands behind "---" is for the new system (d-i copies it); there is nothing: late.sh writes
 * /etc/default/grub. */
static char *command_line(const struct os_answers *a)
{
    (void)a;
    return g_strdup("auto=true priority=critical DEBIAN_FRONTEND=text DEBCONF_DROP_TRANSLATIONS=1 "
                    "TERM=dumb ipv6.disable=1 "
                    "mitigations=off norandmaps net.ifnames=0 console=ttyS0,115200 ---");
}

/* The release's number names the package; the suites are the code names of the releases. */
static char *package(const char *release, const char *arch)
{
    static const char *const releases[][2] = {{"bookworm", "12"}, {"trixie", "13"}};
    const char *debian = strcmp(arch, "x86_64") == 0 ? "amd64" : NULL;
    for (gsize i = 0; debian && i < G_N_ELEMENTS(releases); i++)
        if (strcmp(releases[i][0], release) == 0)
            return g_strdup_printf("debian-installer-%s-netboot-%s", releases[i][1], debian);
    return NULL;
}

#define ITEM(name) "main-menu\\[\\d+\\]: INFO: Menu item '" name "' selected"

static const struct os_phase phases[] = {
    {ITEM("(?:ethdetect|netcfg)"), "network", FALSE},
    {ITEM("download-installer"), "installer components", FALSE},
    {ITEM("(?:disk-detect|partman-base)"), "partition", FALSE},
    {ITEM("bootstrap-base"), "base system", FALSE},
    {"debootstrap: .*[Uu]npacking|ingot: step: unpack and configure", "base system: configure",
     FALSE},
    {"base-installer: Reading package lists", "kernel", FALSE},
    {ITEM("apt-setup-udeb"), "package sources", FALSE},
    {ITEM("pkgsel"), "packages", FALSE},
    {ITEM("grub-installer"), "boot loader", FALSE},
    {ITEM("finish-install"), "finish", FALSE},
    {"ingot: phase: certificates", "certificates", FALSE},
    {"ingot: phase: initramfs", "initramfs", FALSE},
    {"ingot: phase: boot menu", "boot menu", FALSE},
    {"ingot: phase: finish", "power-off", TRUE},
    {NULL, NULL, FALSE},
};

static const struct os_failure failures[] = {
    {"main-menu\\[\\d+\\]: WARNING \\*\\*: Configuring '([^']+)' failed with error code (\\d+)",
     "the installer's step '\\1' failed with error code \\2",
     "the lines before it in the installer's log say why"},
    /* finish.sh.  apt's own errors are no failures: the installer tries packages that it can do
     * without (guest agents), and says so itself when it cannot go on. */
    {"ingot: error: (.*)", "\\1", NULL},
    {"No space left on device", "the disk is full", "give the recipe a larger disk.size"},
    {"Out of memory: Killed process \\d+ \\(([^)]+)\\)",
     "the guest ran out of memory (\\1 was killed)", "give the recipe more vm.memory"},
    {"mirror does not support the specified release", "the mirror does not have this release",
     "check release and mirror of the recipe"},
    {NULL, NULL, NULL},
};

static const struct os_failure console[] = {
    {"Kernel panic - not syncing: (.*)", "the installer's kernel panicked: \\1", NULL},
    {"Prompt: '\\?' for help(?:, default=[^>]*)?>\\s*$", "the installer is waiting at a question",
     "the question is in console.log; answer it with a line under 'extra:' in the recipe"},
    {"\\[Press enter to continue\\]\\s*$|Go Back\\W+Continue\\W*$",
     "the installer is showing a message and waits", "the message is in console.log"},
    {NULL, NULL, NULL},
};

static const char *const families[] = {"debian", NULL};
static const char *const arches[] = {"x86_64", NULL};
static const char *const filesystems[] = {"ext4", NULL};
/* What an administrator misses first in a minimal system; every template has it. */
static const char *const base_packages[] = {"net-tools", "lrzsz", "screen", "tree",
                                            "vim",       "wget",  NULL};

const os_installer installer_debian_installer = {
    .name = "debian-installer",
    .heading = "Debian's own installer, preseeded",
    .families = families,
    .arches = arches,
    .filesystems = filesystems,
    .package = package,
    .kernel_glob = "*/text/debian-installer/amd64/linux",
    .initrd_glob = "*/text/debian-installer/amd64/initrd.gz",
    .keyring = "/usr/share/keyrings/debian-archive-keyring.gpg",
    .kernel_package = "linux-image-cloud-amd64",
    .base_packages = base_packages,
    .memory = G_GUINT64_CONSTANT(1) << 30,
    .answer = answer,
    .command_line = command_line,
    .phases = phases,
    .failures = failures,
    .console = console,
};
