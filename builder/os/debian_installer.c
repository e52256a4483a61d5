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

/* protocol://host[:port]/directory; without a mirror the three are empty, and the installer asks
 * its own default. */
static gboolean put_mirror(GHashTable *values, const char *mirror, GError **error)
{
    g_autoptr(GUri) uri = mirror ? g_uri_parse(mirror, G_URI_FLAGS_ENCODED, error) : NULL;
    if (mirror && !uri)
        return FALSE;
    const char *host = uri ? or_empty(g_uri_get_host(uri)) : "";
    int port = uri ? g_uri_get_port(uri) : -1;
    put(values, "mirror_protocol", g_strdup(uri ? g_uri_get_scheme(uri) : "http"));
    put(values, "mirror_host", port > 0 ? g_strdup_printf("%s:%d", host, port) : g_strdup(host));
    put(values, "mirror_directory",
        g_strdup(uri && *g_uri_get_path(uri) ? g_uri_get_path(uri)
                 : uri                       ? "/"
                                             : ""));
    return TRUE;
}

/* adduser knows the first user's groups; the others are made by a script in the new system. */
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
    if (!*u->ssh_keys)
        return;
    g_autofree char *keys = joined(u->ssh_keys, "\n");
    g_autofree char *quoted = g_shell_quote(keys);
    g_string_append_printf(script,
                           "install -d -m 700 -o %s -g %s ~%s/.ssh\n"
                           "printf '%%s\\n' %s >~%s/.ssh/authorized_keys\n"
                           "chmod 600 ~%s/.ssh/authorized_keys\n"
                           "chown %s: ~%s/.ssh/authorized_keys\n",
                           name, name, u->name, quoted, u->name, u->name, name, u->name);
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
    g_autoptr(GHashTable) values = values_new(a, error);
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
 * costs half a minute.  What stands behind "---" is for the new system (d-i copies it); there is
 * nothing: late.sh writes /etc/default/grub. */
static char *command_line(const struct os_answers *a)
{
    (void)a;
    return g_strdup("auto=true priority=critical DEBIAN_FRONTEND=text DEBCONF_DROP_TRANSLATIONS=1 "
                    "TERM=dumb ipv6.disable=1 "
                    "mitigations=off net.ifnames=0 console=ttyS0,115200 ---");
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
    {"base-installer: info: (?:Available|Installing) kernel|base-installer: info: Installing "
     "linux",
     "kernel", FALSE},
    {ITEM("apt-setup-udeb"), "package sources", FALSE},
    {ITEM("pkgsel"), "packages", FALSE},
    {ITEM("grub-installer"), "boot loader", FALSE},
    {ITEM("finish-install"), "finish", FALSE},
    {"ingot: phase: initramfs", "initramfs", FALSE},
    {"ingot: phase: boot menu", "boot menu", FALSE},
    {"ingot: phase: finish", "power-off", TRUE},
    {NULL, NULL, FALSE},
};

static const struct os_failure failures[] = {
    {"main-menu\\[\\d+\\]: WARNING \\*\\*: Configuring '([^']+)' failed with error code (\\d+)",
     "the installer's step '\\1' failed with error code \\2",
     "the lines before it in the installer's log say why"},
    {"E: Unable to locate package (\\S+)", "there is no package '\\1' in the archive",
     "correct the package's name in the recipe"},
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
/* What the project's first user installed by hand in every template, and the way in. */
static const char *const base_packages[] = {"openssh-server", "net-tools", "lrzsz", "screen",
                                            "tree",           "vim",       "wget",  NULL};

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
