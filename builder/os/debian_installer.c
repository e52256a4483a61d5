/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "os/debian.h"

#include "debian/debian.h"

#include <string.h>

/* debian-installer (d-i): preseed on its initrd, and helpers beside it that take out what the
 * installer does twice or for nobody (docs/performance.md).  From a medium that boots by itself it
 * gets the preseed by its URL, and the helpers from beside that by its early_command.  The
 * installer's own manual is installation-guide, appendix B. */

static const struct debian_source sources[] = {
    {"debian.preseed", "preseed.cfg", 0600, template_escape_preseed},
    /* The hooks that the installer's startup sources, in the order of their names. */
    {"debian-installer/startup.sh", "usr/lib/debian-installer-startup.d/S00ingot", 0644, NULL},
    {"debian-installer/values.sh", "ingot/values.sh", 0600, template_escape_shell},
    {"debian/target.sh", "ingot/target.sh", 0644, NULL},
    {"debian-installer/late.sh", "ingot/late.sh", 0644, NULL},
    {"debian-installer/finish.sh", "ingot/finish.sh", 0755, NULL},
    {"debian-installer/net-retriever.sh", "ingot/net-retriever.sh", 0755, NULL},
    {"debian-installer/depmod.sh", "ingot/depmod.sh", 0755, NULL},
    {"debian-installer/debconf-set-selections.sh", "ingot/debconf-set-selections.sh", 0755, NULL},
    {"debian-installer/debootstrap.sh", "ingot/debootstrap.sh", 0644, NULL},
    {"debian-installer/apt-get.sh", "ingot/apt-get.sh", 0644, NULL},
    {"debian-installer/closure.awk", "ingot/closure.awk", 0644, NULL},
    {"debian-installer/seed.sh", "ingot/seed.sh", 0644, template_escape_shell},
};

/* The answer file, which the installer requests by itself, and what fetches the others. */
#define ANSWER_FILE 0
#define FETCHER     (G_N_ELEMENTS(sources) - 1)

static char *helpers(void)
{
    GString *words = g_string_new(NULL);
    for (gsize i = ANSWER_FILE + 1; i < FETCHER; i++)
        g_string_append_printf(words, "%s%s", words->len ? " " : "", sources[i].path);
    return g_string_free(words, FALSE);
}

static GPtrArray *debian_installer_answer(const struct os_answers *a, const char *data_dir,
                                          GError **error)
{
    /* The installer creates root and the first user; the others are created in the new system. */
    g_autoptr(GHashTable) values = debian_values(a, 2, error);
    if (!values)
        return NULL;
    g_hash_table_insert(values, (gpointer) "seeded", g_strdup(a->seeded ? "true" : ""));
    g_hash_table_insert(values, (gpointer) "helpers", helpers());
    return debian_files(sources, a->seeded ? FETCHER + 1 : FETCHER, data_dir, values, error);
}

/* priority=critical: questions that the preseed leaves open get their default; one without a
 * default is asked, and the wait sees it.  IPv6 off: the guest network of QEMU has no router, and
 * waiting for one costs half a minute.  norandmaps: addresses that differ in each process cost an
 * emulated machine the translation of every library, again and again (starting a program took 3.4
 * times as long). What follows "---" is for the new system (d-i copies it); there is nothing:
 * late.sh writes /etc/default/grub. */
static char *debian_installer_command_line(const struct os_answers *a)
{
    (void)a;
    return g_strdup("auto=true priority=critical DEBIAN_FRONTEND=text DEBCONF_DROP_TRANSLATIONS=1 "
                    "TERM=dumb ipv6.disable=1 "
                    "mitigations=off norandmaps net.ifnames=0 console=ttyS0,115200 ---");
}

static const char *const arches[] = {"x86_64", NULL};

/* The release's number names the package; the suites are the code names of the releases. */
static char *package(const char *release, const char *arch)
{
    static const char *const releases[][2] = {{"bookworm", "12"}, {"trixie", "13"}};
    const char *debian = g_strv_contains(arches, arch) ? deb_arch_of_machine(arch) : NULL;
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
    /* finish.sh.  apt's own errors are not failures: the installer tries packages that it can do
     * without (guest agents), and reports itself if it cannot continue. */
    {"ingot: error: (.*)", "\\1", NULL},
    {"No space left on device", "the disk is full", "raise disk.size in the recipe"},
    {"Out of memory: Killed process \\d+ \\(([^)]+)\\)",
     "the guest ran out of memory (\\1 was killed)", "raise vm.memory in the recipe"},
    {"mirror does not support the specified release", "the mirror does not have this release",
     "check the recipe's release and mirror"},
    {NULL, NULL, NULL},
};

/* The text frontend (cdebconf) writes a title, a line of dashes, the question and a prompt; what is
 * a list ends with "Prompt:", a text with its own name. */
#define TITLE "(?s)(?:.*\n)?([^\n]+)\n-{3,}\n"

static const struct os_failure console[] = {
    {"Kernel panic - not syncing: (.*)", "the installer's kernel panicked: \\1", NULL},
    {TITLE ".*!! ERROR: ([^\n]+)\n.*\\[Press enter to continue\\]\\s*$",
     "the installer shows an error and waits: \"\\2\" (\\1)", "the message is in console.log"},
    {TITLE ".*\\[Press enter to continue\\]\\s*$",
     "the installer is showing a message and waits: \"\\1\"", "the message is in console.log"},
    {TITLE ".*Prompt: '\\?' for help(?:, default=[^>]*)?>\\s*$",
     "the installer is waiting at a question: \"\\1\"",
     "the question is in console.log; answer it with a line under 'extra:' in the recipe"},
    {TITLE ".*\n([^\n]*[^\n:]:) *\n?$", "the installer is waiting at a question: \"\\1\", \"\\2\"",
     "the question is in console.log; answer it with a line under 'extra:' in the recipe"},
    {"\\[Press enter to continue\\]\\s*$|Go Back\\W+Continue\\W*$",
     "the installer is showing a message and waits", "the message is in console.log"},
    {NULL, NULL, NULL},
};

#define POINT_RELEASE                                                                              \
    "the archive made a point release: take an installer of the same one (media.apt.suite, or a "  \
    "newer medium), or wait until the mirror is complete, or use another mirror"

/* Components that try several things say so as well when they fail in the end. */
static const struct os_failure reasons[] = {
    /* anna (anna.c) names one version; net-retriever.sh, just before it, also the others. */
    {"no packages matching running kernel (\\S+) in archive",
     "the archive has no modules for the installer's kernel \\1", POINT_RELEASE},
    {"ingot: kernel modules: of (\\S+): none; of others: none",
     "the archive has no modules for the installer's kernel \\1, nor for any other",
     "use another mirror: the index of this one has no installer components with modules"},
    {"ingot: kernel modules: of (\\S+): none; of others: (.*)",
     "the archive has no modules for the installer's kernel \\1, only for \\2", POINT_RELEASE},
    {"Unable to locate package (\\S+)", "the archive has no package \\1",
     "check the recipe's packages"},
    {"Package '?([^' ]+)'? has no installation candidate", "the archive has no package \\1",
     "check the recipe's packages"},
    {"(?:wget|curl): (?:can't connect|unable to connect|bad address|server returned error)(.*)",
     "the mirror cannot be reached (wget:\\1)", "check that the mirror is right and still up"},
    {"(?:Could not connect to|Cannot initiate the connection to|Connection failed|"
     "Connection timed out|Temporary failure resolving)(.*)",
     "the mirror cannot be reached:\\1", "check that the mirror is right and still up"},
    {"failed: (Connection refused|Connection timed out|Network is unreachable|No route to host)",
     "the mirror cannot be reached: \\1", "check that the mirror is right and still up"},
    {"No disk drive was detected|No partitionable media", "the installer found no disk",
     "the recipe's disk is a virtio disk; the installer's kernel needs its driver"},
    {"preseed: Error parsing preconfiguration file: (.*)",
     "a line of the answer file is not one: "
     "\\1",
     "check 'extra:' in the recipe"},
    {NULL, NULL, NULL},
};

static const char *debian_installer_kernel_package(const char *family, const char *arch)
{
    (void)family;
    (void)arch;
    return "linux-image-cloud-amd64";
}

static const char *const families[] = {"debian", NULL};
static const char *const filesystems[] = {"ext4", NULL};

const os_installer installer_debian_installer = {
    .name = "debian-installer",
    .heading = "Debian's own installer, preseeded",
    .families = families,
    .arches = arches,
    .filesystems = filesystems,
    .packaging = &debian_packaging,
    .package = package,
    .kernel_glob = "*/text/debian-installer/amd64/linux",
    .initrd_glob = "*/text/debian-installer/amd64/initrd.gz",
    .keyring = "/usr/share/keyrings/debian-archive-keyring.gpg",
    .modules = "main/debian-installer",
    .modules_remedy = POINT_RELEASE,
    .kernel_package = debian_installer_kernel_package,
    .base_packages = os_base_packages,
    .memory = G_GUINT64_CONSTANT(1) << 30,
    .network = TRUE,
    .seeded = TRUE,
    .answer = debian_installer_answer,
    .command_line = debian_installer_command_line,
    .phases = phases,
    .failures = failures,
    .console = console,
    .reasons = reasons,
};
