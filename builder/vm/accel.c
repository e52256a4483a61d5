/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/arch.h"
#include "vm/probe.h"
#include "vm/probe_bytes.h"
#include "vm/vm.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Milliseconds for all attempts and for one.  A guest that runs is through in 200 (also when it is
 * emulated, on two busy cores: 500). */
#define TOTAL_MS   1800u
#define ONE_MS     1300u
#define KEPT_LIMIT 65536u

void vm_accel_clear(struct vm_accel *accel)
{
    g_free(accel->reason);
    g_free(accel->cpu);
    g_free(accel->option);
    *accel = (struct vm_accel){0};
}

static void choose_tcg(const struct vm_arch *arch, char *reason, struct vm_accel *accel)
{
    const struct vm_tcg *tcg = vm_arch_tcg(arch);
    *accel = (struct vm_accel){
        .reason = reason, .cpu = g_strdup(tcg->cpu), .option = g_strdup(tcg->option)};
}

/* ---- the kept answer: an object per architecture in accel.json ---- */

/* Everything on which the answer depends; FALSE when the host does not say. */
static gboolean answer_key(const struct vm_arch *arch, const char *qemu,
                           char key[DIGEST_HEX_LEN + 1])
{
    struct stat info;
    g_autofree char *boot = files_read("/proc/sys/kernel/random/boot_id", 128, NULL, NULL);
    if (!boot || stat(qemu, &info) != 0)
        return FALSE;
    g_autofree char *file =
        g_strdup_printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT ".%09ld", (gint64)info.st_size,
                        (gint64)info.st_mtim.tv_sec, (long)info.st_mtim.tv_nsec);
    g_autofree char *cpus = g_strjoinv(" ", (char **)arch->kvm_cpus);
    const struct vm_tcg *tcg = vm_arch_tcg(arch);
    digest *d = digest_new();
    digest_field(d, "boot", boot);
    digest_field(d, "qemu", qemu);
    digest_field(d, "file", file);
    digest_field(d, "arch", arch->name);
    digest_field(d, "cpus", cpus);
    digest_field(d, "tcg", tcg->option);
    digest_field(d, "tcg cpu", tcg->cpu);
    digest_update(d, vm_probe_code, sizeof vm_probe_code);
    digest_finish(d, key);
    digest_free(d);
    return TRUE;
}

static json_t *kept_answers(const char *path)
{
    gsize length = 0;
    g_autofree char *text = files_read(path, KEPT_LIMIT, &length, NULL);
    json_t *all = text ? json_loadb(text, length, 0, NULL) : NULL;
    if (json_is_object(all))
        return all;
    json_decref(all);
    return json_object();
}

static gboolean accel_recall(const char *path, const struct vm_arch *arch, const char *key,
                             struct vm_accel *accel)
{
    json_t *all = kept_answers(path);
    json_t *one = json_object_get(all, arch->name);
    const char *kept_key = NULL, *cpu = NULL, *option = NULL, *reason = NULL;
    int kvm = 0;
    gboolean found = one &&
                     json_unpack(one, "{s:s, s:b, s:s, s:s, s:s}", "key", &kept_key, "kvm", &kvm,
                                 "cpu", &cpu, "option", &option, "reason", &reason) == 0 &&
                     strcmp(kept_key, key) == 0;
    if (found)
        *accel = (struct vm_accel){.kvm = kvm,
                                   .cpu = g_strdup(cpu),
                                   .option = g_strdup(option),
                                   .reason = g_strdup(reason)};
    json_decref(all);
    return found;
}

/* An answer that cannot be kept costs the next build two seconds; it does not fail this one. */
static void accel_keep(const char *path, const struct vm_arch *arch, const char *key,
                       const struct vm_accel *accel)
{
    g_autoptr(GError) error = NULL;
    json_t *all = kept_answers(path);
    json_object_set_new(all, arch->name,
                        json_pack("{s:s, s:b, s:s, s:s, s:s}", "key", key, "kvm", accel->kvm, "cpu",
                                  accel->cpu, "option", accel->option, "reason", accel->reason));
    char *text = json_dumps(all, JSON_INDENT(2) | JSON_SORT_KEYS);
    if (text && !files_write_atomic(path, text, -1, 0644, &error))
        g_warning("cannot store which accelerator works: %s", error->message);
    free(text);
    json_decref(all);
}

/* ---- trying ---- */

/* Why KVM cannot even be tried, or NULL; owned by the caller. */
static char *obstacle(const struct vm_arch *arch)
{
    if (!vm_arch_is_host(arch))
        return g_strdup_printf("the guest is %s and the host is not, so the guest is emulated",
                               arch->name);
    if (!arch->kvm_cpus)
        return g_strdup_printf("there is no probe for %s, so the guest is emulated", arch->name);
    int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (fd >= 0) {
        close(fd);
        return NULL;
    }
    return errno == ENOENT
               ? g_strdup("this host has no /dev/kvm, so the guest is emulated")
               : g_strdup_printf("/dev/kvm does not open (%s), so the guest is emulated",
                                 g_strerror(errno));
}

static void accept_kvm(const char *cpu, const GString *failures, struct vm_accel *accel)
{
    *accel = (struct vm_accel){
        .kvm = TRUE,
        .cpu = g_strdup(cpu),
        .option = g_strdup("kvm"),
        .reason = failures->len ? g_strdup_printf("a guest ran under KVM with -cpu %s; %s", cpu,
                                                  failures->str)
                                : g_strdup("a guest ran under KVM")};
}

static gboolean try_kvm(const struct vm_arch *arch, const char *dir, GCancellable *cancel,
                        struct vm_accel *accel, GError **error)
{
    gint64 end = g_get_monotonic_time() + TOTAL_MS * 1000;
    g_autoptr(GString) failures = g_string_new(NULL);
    for (const char *const *cpu = arch->kvm_cpus; *cpu; cpu++) {
        gint64 left = (end - g_get_monotonic_time()) / 1000;
        struct vm_probe probe;
        if (left <= 0)
            break;
        if (!vm_probe_run(arch, "kvm", *cpu, dir, MIN((guint)left, ONE_MS), cancel, &probe, error))
            return FALSE;
        if (probe.good) {
            accept_kvm(*cpu, failures, accel);
            return TRUE;
        }
        g_string_append_printf(failures, "%swith -cpu %s %s", failures->len ? "; " : "", *cpu,
                               probe.cause);
        vm_probe_clear(&probe);
    }
    choose_tcg(arch,
               g_strdup_printf("/dev/kvm opens, but no guest ran under it: %s", failures->str),
               accel);
    return TRUE;
}

static gboolean probe_and_keep(const struct vm_arch *arch, const char *qemu, const char *cache_dir,
                               gboolean again, GCancellable *cancel, struct vm_accel *accel,
                               GError **error)
{
    char key[DIGEST_HEX_LEN + 1];
    gint64 began = g_get_monotonic_time();
    g_autofree char *path = g_build_filename(cache_dir, "accel.json", NULL);
    gboolean keyed = answer_key(arch, qemu, key);
    if (keyed && !again && accel_recall(path, arch, key, accel))
        return TRUE;
    if (!try_kvm(arch, cache_dir, cancel, accel, error))
        return FALSE;
    accel->seconds = (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
    if (keyed)
        accel_keep(path, arch, key, accel);
    return TRUE;
}

gboolean vm_accel_probe(const char *arch_name, const char *cache_dir, gboolean again,
                        GCancellable *cancel, struct vm_accel *accel, GError **error)
{
    *accel = (struct vm_accel){0};
    const struct vm_arch *arch = vm_arch_find(arch_name);
    if (!arch) {
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "%s is not an architecture that ingot knows",
                        arch_name);
        return FALSE;
    }
    g_autofree char *qemu = vm_arch_qemu(arch, error);
    if (!qemu)
        return FALSE;
    char *reason = obstacle(arch);
    if (reason) {
        choose_tcg(arch, reason, accel);
        return TRUE;
    }
    return probe_and_keep(arch, qemu, cache_dir, again, cancel, accel, error);
}
