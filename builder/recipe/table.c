/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "recipe/internal.h"

#include "base/firmware.h"
#include "base/text.h"

#include <string.h>

#define R(member) offsetof(struct recipe, member)
#define U(member) offsetof(struct recipe_user, member)
#define KIB       (1ull << 10)
#define MIB       (KIB << 10)
#define GIB       (MIB << 10)
#define TIB       (GIB << 10)
#define MINUTE    60ull
#define DAY       86400ull

static const char *const arches[] = {"x86_64", "aarch64", NULL};
/* What the existing installers support, and no more.  Answers on a CD come with anaconda and
 * subiquity (seed/iso.c writes those CDs); so do other file systems. */
static const char *const isolations[] = {"auto", "machine", "namespace", NULL};
static const char *const seeds[] = {"http", NULL};
static const char *const filesystems[] = {"ext4", NULL};
static const char *const media_schemes[] = {"https", "http", "ftp", "file", NULL};
static const char *const mirror_schemes[] = {"https", "http", "ftp", NULL};
static const char *const proxy_schemes[] = {"http", "https", NULL};

const struct field recipe_fields[] = {
    {.key = "name",
     .kind = KIND_TEXT,
     .form = &form_name,
     .offset = R(name),
     .required = TRUE,
     .doc = "Names the files in out/, such as NAME.qcow2 and NAME.json."},
    {.key = "description",
     .kind = KIND_TEXT,
     .form = &form_description,
     .offset = R(description),
     .doc = "What the image is for; goes into the manifest."},
    {.key = "family",
     .kind = KIND_TEXT,
     .form = &form_word,
     .offset = R(family),
     .required = TRUE,
     .doc = "The family of distributions, such as debian."},
    {.key = "release",
     .kind = KIND_TEXT,
     .form = &form_release,
     .offset = R(release),
     .required = TRUE,
     .doc = "The release, as its archive calls it, such as trixie."},
    {.key = "installer",
     .kind = KIND_TEXT,
     .form = &form_word,
     .offset = R(installer),
     .example = "debian-installer",
     .doc = "The installer to use; by default the family's own."},
    {.key = "isolation",
     .kind = KIND_TEXT,
     .form = &form_choice,
     .offset = R(isolation),
     .fallback = "auto",
     .choices = isolations,
     .doc =
         "Where the scripts of the packages run when the installer is ingot's own: in a machine, "
         "or in a namespace (a sandbox on the host's kernel); by default in a machine where KVM "
         "makes it fast, else in a namespace if the host has one."},
    {.key = "arch",
     .kind = KIND_TEXT,
     .form = &form_choice,
     .offset = R(arch),
     .fallback = "x86_64",
     .choices = arches,
     .doc = "The processor architecture of the image."},
    {.key = "mirror",
     .kind = KIND_TEXT,
     .form = &form_url,
     .offset = R(mirror),
     .choices = mirror_schemes,
     .doc = "The package archive; by default the one that the host's own apt uses."},
    {.key = "security_mirror",
     .kind = KIND_TEXT,
     .form = &form_url,
     .offset = R(security_mirror),
     .choices = mirror_schemes,
     .doc = "The archive of security updates, suite RELEASE-security; by default the one that the "
            "host's own apt uses, unless mirror is given."},
    {.key = "proxy",
     .kind = KIND_TEXT,
     .form = &form_url,
     .offset = R(proxy),
     .choices = proxy_schemes,
     .example = "http://proxy.example.org:3128",
     .doc = "An HTTP proxy for downloads and for the installer."},

    {.key = "media",
     .kind = KIND_MAP,
     .doc = "Where the installer's kernel and initrd come from: exactly one of apt, url and path; "
            "by default apt with its defaults."},
    {.key = "media.apt",
     .kind = KIND_MAP,
     .doc = "From a package of the archive, verified by the archive's signature."},
    {.key = "media.apt.suite",
     .kind = KIND_TEXT,
     .form = &form_suite,
     .offset = R(media.apt_suite),
     .doc = "The suite that has the package; by default the release."},
    {.key = "media.apt.package",
     .kind = KIND_TEXT,
     .form = &form_package,
     .offset = R(media.apt_package),
     .example = "debian-installer-13-netboot-amd64",
     .doc = "The package that holds the installer; by default its usual one."},
    {.key = "media.url",
     .kind = KIND_TEXT,
     .form = &form_url,
     .offset = R(media.url),
     .choices = media_schemes,
     .example = "https://images.example.org/installer.iso",
     .doc = "From an ISO image, a .deb or a tar archive at this URL; needs sha256 or signature."},
    {.key = "media.path",
     .kind = KIND_TEXT,
     .form = &form_path,
     .offset = R(media.path),
     .doc = "From a local file, directory or block device; relative to the recipe."},
    {.key = "media.sha256",
     .kind = KIND_TEXT,
     .form = &form_sha256,
     .offset = R(media.sha256),
     .doc = "The SHA-256 digest of the file at url or path."},
    {.key = "media.signature",
     .kind = KIND_TEXT,
     .form = &form_reference,
     .offset = R(media.signature),
     .choices = media_schemes,
     .doc = "URL or path of a detached OpenPGP signature of that file; needs keyring."},
    {.key = "media.keyring",
     .kind = KIND_TEXT,
     .form = &form_path,
     .offset = R(media.keyring),
     .example = "/usr/share/keyrings/debian-archive-keyring.gpg",
     .doc = "OpenPGP keyring with the key that must have made the signature; for apt, by default "
            "the distribution's own."},
    {.key = "media.kernel",
     .kind = KIND_TEXT,
     .form = &form_inner_path,
     .offset = R(media.kernel),
     .doc = "Path of the kernel inside the media, or a pattern for it; by default the installer's "
            "usual one."},
    {.key = "media.initrd",
     .kind = KIND_TEXT,
     .form = &form_inner_path,
     .offset = R(media.initrd),
     .example = "install.amd/initrd.gz",
     .doc = "Path of the initrd inside the media, or a pattern for it; by default the installer's "
            "usual one."},

    {.key = "boot",
     .kind = KIND_MAP,
     .doc = "For media that boot only through their own boot loader."},
    {.key = "boot.command",
     .kind = KIND_TEXT,
     .form = &form_boot_command,
     .offset = R(boot.command),
     .doc = "What to type at the boot loader of the ISO image at media.url or media.path; a list "
            "is joined. The medium is then booted unchanged."},
    {.key = "boot.seed",
     .kind = KIND_TEXT,
     .form = &form_choice,
     .offset = R(boot.seed),
     .fallback = "http",
     .choices = seeds,
     .doc = "How the installer gets its answer file: over HTTP from ingot."},

    {.key = "disk", .kind = KIND_MAP, .doc = "The disk of the image."},
    {.key = "disk.size",
     .kind = KIND_SIZE,
     .offset = R(disk_size),
     .fallback = "8GiB",
     .least = 2 * GIB,
     .most = 64 * TIB,
     .doc = "Its size; the file in out/ holds only what is used."},
    {.key = "disk.filesystem",
     .kind = KIND_TEXT,
     .form = &form_choice,
     .offset = R(filesystem),
     .fallback = "ext4",
     .choices = filesystems,
     .doc = "The root file system."},
    {.key = "disk.grow",
     .kind = KIND_BOOL,
     .offset = R(grow),
     .fallback = "false",
     .doc = "Whether the root file system grows at boot if a clone has a larger disk."},

    {.key = "machine", .kind = KIND_MAP, .doc = "The hardware that the template is for."},
    {.key = "machine.firmware",
     .kind = KIND_TEXT,
     .form = &form_choice,
     .offset = R(firmware),
     .choices = firmware_offered,
     .example = "bios",
     .doc =
         "The firmware that boots it; by default what machines of the architecture usually have."},

    {.key = "vm",
     .kind = KIND_MAP,
     .doc = "The virtual machine that builds, in which the installer runs."},
    {.key = "vm.memory",
     .kind = KIND_SIZE,
     .offset = R(memory),
     .least = 256 * MIB,
     .most = TIB,
     .example = "2GiB",
     .doc = "Its memory; by default what the installer needs."},
    {.key = "vm.cpus",
     .kind = KIND_COUNT,
     .offset = R(cpus),
     .least = 1,
     .most = 256,
     .doc = "Its processors; by default those of the host, at most 4."},

    {.key = "outputs",
     .kind = KIND_LIST,
     .form = &form_word,
     .offset = R(outputs),
     .fallback = "qcow2",
     .example = "raw",
     .doc =
         "The formats of the finished image, such as qcow2 and raw; each makes files in out/ that "
         "begin with NAME."},

    {.key = "hostname",
     .kind = KIND_TEXT,
     .form = &form_hostname,
     .offset = R(hostname),
     .fallback = "debian",
     .doc = "The host name, without the domain."},
    {.key = "domain",
     .kind = KIND_TEXT,
     .form = &form_domain,
     .offset = R(domain),
     .fallback = "",
     .doc = "The DNS domain of the host."},
    {.key = "locale",
     .kind = KIND_TEXT,
     .form = &form_locale,
     .offset = R(locale),
     .fallback = "en_US.UTF-8",
     .doc = "The locale of the system."},
    {.key = "timezone",
     .kind = KIND_TEXT,
     .form = &form_timezone,
     .offset = R(timezone),
     .fallback = "Etc/UTC",
     .doc = "The time zone, as tzdata names it."},
    {.key = "keyboard",
     .kind = KIND_TEXT,
     .form = &form_keyboard,
     .offset = R(keyboard),
     .fallback = "us",
     .doc = "The keyboard layout, as XKB names it."},
    {.key = "packages",
     .kind = KIND_LIST,
     .form = &form_package,
     .offset = R(packages),
     .doc = "Packages to install beyond the base packages."},

    {.key = "kernel", .kind = KIND_MAP, .doc = "The kernel of the image."},
    {.key = "kernel.package",
     .kind = KIND_TEXT,
     .form = &form_package,
     .offset = R(kernel_package),
     .example = "linux-image-amd64",
     .doc = "Its package; by default the family's kernel for virtual machines."},
    {.key = "kernel.args",
     .kind = KIND_LIST,
     .form = &form_kernel_arg,
     .offset = R(kernel_args),
     .fallback = "net.ifnames=0",
     .doc = "Its arguments; a list here replaces the default."},
    {.key = "serial_console",
     .kind = KIND_BOOL,
     .offset = R(serial_console),
     .fallback = "true",
     .doc = "Whether boot loader, kernel and a login prompt also use the first serial port."},

    {.key = "root",
     .kind = KIND_MAP,
     .doc = "The root account; locked if it has neither password nor password_hash."},
    {.key = "root.password",
     .kind = KIND_TEXT,
     .form = &form_password,
     .offset = R(root.password),
     .secrecy = SECRET_WHOLE,
     .doc = "The password: ${env:NAME} for an environment variable, file:PATH for a file's text."},
    {.key = "root.password_hash",
     .kind = KIND_TEXT,
     .form = &form_hash,
     .offset = R(root.password_hash),
     .secrecy = SECRET_WHOLE,
     .doc = "The password as crypt(5) stores it; instead of password."},
    {.key = "root.ssh_keys",
     .kind = KIND_LIST,
     .form = &form_ssh_key,
     .offset = R(root.ssh_keys),
     .doc = "Public keys that may log in, as in an OpenSSH .pub file."},

    {.key = "users", .kind = KIND_MAPS, .offset = R(users), .doc = "Accounts to create."},
    {.key = "users[].name",
     .kind = KIND_TEXT,
     .form = &form_account,
     .offset = U(name),
     .required = TRUE,
     .doc = "The login name."},
    {.key = "users[].fullname",
     .kind = KIND_TEXT,
     .form = &form_fullname,
     .offset = U(fullname),
     .doc = "The person's name."},
    {.key = "users[].password",
     .kind = KIND_TEXT,
     .form = &form_password,
     .offset = U(password),
     .secrecy = SECRET_WHOLE,
     .doc = "As root.password."},
    {.key = "users[].password_hash",
     .kind = KIND_TEXT,
     .form = &form_hash,
     .offset = U(password_hash),
     .secrecy = SECRET_WHOLE,
     .doc = "As root.password_hash."},
    {.key = "users[].groups",
     .kind = KIND_LIST,
     .form = &form_group,
     .offset = U(groups),
     .doc = "Further groups of the account, such as sudo."},
    {.key = "users[].ssh_keys",
     .kind = KIND_LIST,
     .form = &form_ssh_key,
     .offset = U(ssh_keys),
     .doc = "As root.ssh_keys."},

    {.key = "extra",
     .kind = KIND_TEXT,
     .form = &form_script,
     .offset = R(extra),
     .secrecy = SECRET_PARTS,
     .doc = "Lines added to the answer file as they are; may hold ${env:NAME}."},
    {.key = "late_command",
     .kind = KIND_TEXT,
     .form = &form_script,
     .offset = R(late_command),
     .secrecy = SECRET_PARTS,
     .doc = "A shell script run as root in the new system at the end of the installation; may hold "
            "${env:NAME}."},

    {.key = "limits",
     .kind = KIND_MAP,
     .doc = "How long the installation and the stages may take."},
    {.key = "limits.total",
     .kind = KIND_DURATION,
     .offset = R(limit_total),
     .fallback = "2h",
     .least = MINUTE,
     .most = 7 * DAY,
     .example = "2h",
     .doc = "From the start of the machine to its end."},
    {.key = "limits.inactivity",
     .kind = KIND_DURATION,
     .offset = R(limit_inactivity),
     .fallback = "15m",
     .least = MINUTE,
     .most = DAY,
     .example = "15m",
     .doc = "Without any sign of progress; not more than total."},
    {.key = "limits.stage",
     .kind = KIND_DURATION,
     .offset = R(limit_stage),
     .least = MINUTE,
     .most = 7 * DAY,
     .example = "12h",
     .doc = "For every stage, besides total for the installation; by default ingot's own limit for "
            "each, which a slow host may exceed."},
    {.key = NULL},
};

const struct renamed recipe_renamed[] = {
    {"boot.firmware", "machine.firmware"},
    {NULL, NULL},
};

const char *table_renamed(const char *parent, const char *word)
{
    g_autofree char *key = *parent ? g_strconcat(parent, ".", word, NULL) : g_strdup(word);
    for (const struct renamed *r = recipe_renamed; r->old; r++)
        if (strcmp(r->old, key) == 0)
            return r->now;
    return NULL;
}

const char *table_word(const struct field *field)
{
    const char *dot = strrchr(field->key, '.');
    return dot ? dot + 1 : field->key;
}

gboolean table_is_below(const struct field *field, const char *parent)
{
    gsize length = strlen(parent);
    const char *word = table_word(field);
    if (length == 0)
        return word == field->key;
    return (gsize)(word - field->key) == length + 1 && strncmp(field->key, parent, length) == 0;
}

const struct field *table_find(const char *parent, const char *word)
{
    for (const struct field *f = recipe_fields; f->key; f++)
        if (table_is_below(f, parent) && strcmp(table_word(f), word) == 0)
            return f;
    return NULL;
}

static char *suggest_elsewhere(const char *word)
{
    for (const struct field *f = recipe_fields; f->key; f++) {
        if (strcmp(table_word(f), word) != 0)
            continue;
        gsize length = (gsize)(table_word(f) - f->key);
        if (length == 0)
            return g_strdup_printf("\"%s\" is a key of the top level", word);
        g_autofree char *parent = g_strndup(f->key, length - 1);
        g_autofree char *plain = g_str_has_suffix(parent, "[]")
                                     ? g_strndup(parent, strlen(parent) - 2)
                                     : g_strdup(parent);
        return g_strdup_printf("\"%s\" is a key below \"%s\"", word, plain);
    }
    return NULL;
}

/* What the word is an abbreviation of: "mem" of "memory". */
static const char *longer(const char *word, const char *const *words)
{
    for (; strlen(word) >= 3 && *words; words++)
        if (g_str_has_prefix(*words, word))
            return *words;
    return NULL;
}

char *table_suggest(const char *parent, const char *word)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    for (const struct field *f = recipe_fields; f->key; f++)
        if (table_is_below(f, parent))
            g_ptr_array_add(words, (gpointer)table_word(f));
    g_ptr_array_add(words, NULL);
    const char *near = text_nearest(word, (const char *const *)words->pdata);
    if (!near)
        near = longer(word, (const char *const *)words->pdata);
    if (near)
        return g_strdup_printf("did you mean \"%s\"?", near);
    char *elsewhere = suggest_elsewhere(word);
    if (elsewhere)
        return elsewhere;
    g_autofree char *all = g_strjoinv(", ", (char **)words->pdata);
    return g_strdup_printf("known here: %s", all);
}
