/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/commands.h"
#include "commands/site.h"

#include "base/files.h"
#include "base/spawn.h"
#include "base/text.h"
#include "image/image.h"
#include "sandbox/sandbox.h"

#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* What this host can do, and why not. */

#define SPACE_WANTED (6ull << 30) /* an installed disk, its overlay and the finished image */

enum verdict { GOOD, WARN, BAD };

struct finding {
    const char *name;
    enum verdict verdict;
    char *text;
};

static void doctor_add(GArray *findings, const char *name, enum verdict verdict, char *text)
{
    struct finding f = {name, verdict, text};
    g_array_append_val(findings, f);
}

/* "SUBJECT: sentence; remedy" on one line; subject "": without it. */
static char *doctor_error_text(const char *subject, const GError *error)
{
    g_autofree char *text = ingot_error_text(error);
    const char *hint = ingot_error_hint(error);
    return g_strdup_printf("%s%s%s%s%s", subject, *subject ? ": " : "", text, hint ? "; " : "",
                           hint ? hint : "");
}

struct need {
    const char *program, *package;
    const char *option;  /* with this one it only shows that it runs */
    const char *without; /* what cannot be done without it; NULL: no build at all */
};

static const struct need needs[] = {
    {"qemu-system-x86_64", "qemu-system-x86", "--version", NULL},
    {"qemu-system-aarch64", "qemu-system-arm", "--version", "recipes with arch: aarch64"},
    {"qemu-img", "qemu-utils", "--version", NULL},
    {"gpgv", "gpgv", "--version", NULL},
    {"sfdisk", "fdisk", "--version", "the installer bootstrap"},
    {"mke2fs", "e2fsprogs", "-V", "the installer bootstrap"},
    {"mkfs.fat", "dosfstools", "--help", "recipes with arch: aarch64"},
};

static char *need_text(const struct need *n, const GError *error)
{
    g_autofree char *there = spawn_find(n->program), *text = ingot_error_text(error);
    return g_strdup_printf("%s; install the package %s%s%s", there ? text : "not installed",
                           n->package, n->without ? " for " : "", n->without ? n->without : "");
}

static void check_program(GArray *findings, const struct need *n)
{
    const char *const argv[] = {n->program, n->option, NULL};
    g_autofree char *out = NULL;
    g_autoptr(GError) error = NULL;
    if (!spawn_run(argv, NULL, &out, &error)) {
        doctor_add(findings, n->program, n->without ? WARN : BAD, need_text(n, error));
        return;
    }
    out[strcspn(out, "\n")] = '\0';
    doctor_add(findings, n->program, GOOD, *out ? g_steal_pointer(&out) : spawn_find(n->program));
}

/* What decides where packages are configured. */
struct doctor_host {
    gboolean kvm;
    enum sandbox_kind sandbox;
};

static void check_accel(struct call *c, GArray *findings, struct doctor_host *found)
{
    struct vm_accel accel = {0};
    g_autofree char *cache = call_cache_dir(c);
    g_autoptr(GError) error = NULL;
    if (!vm_accel_probe("x86_64", cache, TRUE, c->cancel, &accel, &error)) {
        doctor_add(findings, "accelerator", BAD, doctor_error_text("", error));
        return;
    }
    doctor_add(findings, "accelerator", accel.kvm ? GOOD : WARN,
               g_strdup_printf("%s (-accel %s -cpu %s; the probe took %.1f s)", accel.reason,
                               accel.option, accel.cpu, accel.seconds));
    found->kvm = accel.kvm;
    vm_accel_clear(&accel);
}

/* Every build for an architecture needs the kind that starts a kernel. */
static void check_firmware_kind(GArray *findings, const vm_firmware_list *all,
                                const struct firmware_kind *kind, const char *arch)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(vm_firmware) found = vm_firmware_choose(all, arch, kind, &error);
    if (!found) {
        g_autofree char *subject = g_strdup_printf("%s for %s", kind->title, arch);
        doctor_add(findings, "firmware", kind == vm_kernel_firmware(arch) ? BAD : WARN,
                   doctor_error_text(subject, error));
        return;
    }
    g_autofree char *image = text_printable(found->executable, -1);
    g_autofree char *descriptor = text_printable(found->descriptor, -1);
    doctor_add(findings, "firmware", GOOD,
               g_strdup_printf("%s for %s: %s (%s, of %s)", kind->title, arch, image,
                               found->description, descriptor));
}

static void check_firmware(GArray *findings)
{
    g_autofree char *data = files_data_dir();
    g_autoptr(vm_firmware_list) all = vm_firmware_list_read(data);
    const struct firmware_kind *kind;
    for (gsize i = 0; (kind = firmware_kind_nth(i)); i++)
        for (const struct firmware_package *p = kind->packages; p->arch; p++)
            check_firmware_kind(findings, all, kind, p->arch);
    for (const char *const *problem = vm_firmware_list_problems(all); *problem; problem++)
        doctor_add(findings, "firmware", WARN, g_strdup(*problem));
}

static void check_appliance(GArray *findings)
{
    g_autofree char *remedy = NULL;
    g_autofree char *problem = guest_host_problem(&remedy);
    doctor_add(findings, "libguestfs", problem ? BAD : GOOD,
               problem ? g_strdup_printf("cannot start: %s; %s", problem, remedy)
                       : g_strdup("the host has what its appliance is made of"));
}

/* Without one, packages are configured in a machine. */
static gboolean check_sandbox(struct call *c, GArray *findings, struct doctor_host *found,
                              GError **error)
{
    struct sandbox_host host;
    if (!sandbox_probe(&host, c->cancel, error))
        return FALSE;
    gboolean good = host.kind == SANDBOX_USER;
    doctor_add(
        findings, "sandbox", good ? GOOD : WARN,
        good ? g_strdup_printf("%s; memory and processes are limited by %s", host.why, host.limits)
             : g_strdup_printf("%s%s%s", host.why, host.remedy ? "; " : "",
                               host.remedy ? host.remedy : ""));
    found->sandbox = host.kind;
    sandbox_host_clear(&host);
    return TRUE;
}

/* What isolation: auto comes to here, for recipes of this host's architecture. */
static void check_isolation(GArray *findings, const struct doctor_host *found)
{
    struct site site;
    g_autoptr(GError) error = NULL;
    if (!site_read(SITE_FILE, &site, &error)) {
        doctor_add(findings, "isolation", BAD, doctor_error_text("", error));
        return;
    }
    gboolean namespaces =
        plan_isolation_usual(found->kvm, found->sandbox, site.isolation) == PLAN_NAMESPACE;
    const char *why = site.isolation ? "as " SITE_FILE " demands"
                      : namespaces   ? "there is no KVM to make a machine fast"
                      : found->kvm   ? "KVM makes it fast"
                                     : "emulated, because there is neither KVM nor a sandbox";
    doctor_add(findings, "isolation", found->kvm || namespaces || site.isolation ? GOOD : WARN,
               g_strdup_printf("packages are configured in a %s: %s",
                               namespaces ? "namespace" : "machine", why));
    site_clear(&site);
}

static void check_keyring(GArray *findings, const char *family, const char *path)
{
    gboolean there = access(path, R_OK) == 0;
    doctor_add(
        findings, "keyring", there ? GOOD : WARN,
        there ? g_strdup_printf("%s (%s)", path, family)
              : g_strdup_printf("%s is missing: for recipes of the family %s, install the package "
                                "that has it, or set media.keyring",
                                path, family));
}

/* The installers of a family use the same one. */
static void check_keyrings(GArray *findings)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (const os_installer *const *i = os_installers(); *i; i++)
        for (const char *const *family = (*i)->families; *family; family++) {
            const struct os_packages *row =
                (*i)->packages ? (*i)->packages(*family, "x86_64") : NULL;
            const char *path = row ? row->keyring : (*i)->keyring;
            if (path && g_hash_table_add(seen, (gpointer)path))
                check_keyring(findings, *family, path);
        }
}

static void check_mirror(struct call *c, GArray *findings)
{
    g_autofree char *apt = os_host_archive(FALSE);
    const char *set = call_mirror_override(c);
    const char *use = set ? set : apt;
    doctor_add(
        findings, "mirror", use ? GOOD : WARN,
        use ? g_strdup(use)
            : g_strdup("this host's apt has no Debian archive; give --mirror or INGOT_MIRROR, or "
                       "'mirror:' in recipes"));
}

static void check_space(struct call *c, GArray *findings)
{
    g_autofree char *cache = call_cache_dir(c);
    g_autoptr(GError) error = NULL;
    struct statvfs fs;
    if (!files_mkdir(cache, FALSE, &error) || statvfs(cache, &fs) != 0) {
        doctor_add(findings, "cache", BAD,
                   error ? doctor_error_text("", error)
                         : g_strdup_printf("%s cannot be used", cache));
        return;
    }
    guint64 space = (guint64)fs.f_bavail * fs.f_frsize;
    g_autofree char *shown = text_size(space);
    gboolean writable = access(cache, W_OK) == 0;
    doctor_add(findings, "cache",
               !writable              ? BAD
               : space < SPACE_WANTED ? WARN
                                      : GOOD,
               g_strdup_printf("%s, %s free%s", cache, shown, writable ? "" : ", not writable"));
}

static const char *word(enum verdict v)
{
    return v == GOOD ? "ok" : v == WARN ? "warning" : "missing";
}

static void doctor_print(const struct call *c, const GArray *findings)
{
    json_t *all = json_array();
    for (guint i = 0; i < findings->len; i++) {
        const struct finding *f = &g_array_index(findings, struct finding, i);
        json_array_append_new(all, json_pack("{s:s, s:s, s:s*}", "name", f->name, "verdict",
                                             word(f->verdict), "text", f->text));
        if (!c->json)
            printf("%-8s %-20s %s\n", word(f->verdict), f->name, f->text);
    }
    if (c->json)
        call_print_json(c, all);
    else
        json_decref(all);
}

static void finding_clear(gpointer data)
{
    g_free(((struct finding *)data)->text);
}

static gboolean doctor_command(struct call *c, GError **error)
{
    g_autoptr(GArray) findings = g_array_new(FALSE, FALSE, sizeof(struct finding));
    g_array_set_clear_func(findings, finding_clear);
    for (gsize i = 0; i < G_N_ELEMENTS(needs); i++)
        check_program(findings, &needs[i]);
    struct doctor_host found = {FALSE, SANDBOX_NONE};
    check_accel(c, findings, &found);
    check_firmware(findings);
    check_appliance(findings);
    if (!check_sandbox(c, findings, &found, error))
        return FALSE;
    check_isolation(findings, &found);
    check_keyrings(findings);
    check_mirror(c, findings);
    check_space(c, findings);
    doctor_print(c, findings);
    guint bad = 0;
    for (guint i = 0; i < findings->len; i++)
        bad += g_array_index(findings, struct finding, i).verdict == BAD;
    if (bad == 0)
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_HOST, NULL, "%u things that a build needs are missing", bad);
    return FALSE;
}

const command command_doctor = {
    .name = "doctor",
    .arguments = "",
    .heading = "Report what this host can do, and why",
    .description =
        "Probes the accelerator by running code in a guest and the sandbox by running a program in "
        "one, says which of both configures packages, and looks for the programs, the firmware, "
        "the "
        "kernel for libguestfs, the keyrings, the mirror and the disk space that a build needs.",
    .plans = TRUE,
    .run = doctor_command,
};
