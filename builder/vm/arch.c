/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/arch.h"

#include "base/error.h"
#include "base/spawn.h"
#include "vm/vm.h"

#include <string.h>
#include <sys/utsname.h>

/* The size of the translation cache in MiB.  QEMU takes an eighth of the host's memory by itself,
 * which on a small host makes it throw translations away during an install. */
#define TB_SIZE "tb-size=512"

/* What emulates fast.  Programs choose their code by what the processor offers, and AVX and the
 * fast string instructions are slow in emulation: with "max" sha256sum took 2.6 times as long,
 * zstd 2.5 and a pipe between two programs 3.  As an AMD processor, or Linux would guard it against
 * Meltdown, which doubles the price of a system call. */
#define X86_CPU "qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+rdrand,+fsgsbase,-monitor"

static const char *const x86_devices[] = {"VGA", "pvpanic", NULL};
static const char *const x86_kvm_cpus[] = {"host", "qemu64", NULL};
static const char *const arm_devices[] = {"virtio-gpu-pci", "qemu-xhci", "usb-kbd", "pvpanic-pci",
                                          NULL};

static const struct vm_arch arches[] = {
    {.name = "x86_64",
     .qemu = "qemu-system-x86_64",
     .package = "qemu-system-x86",
     /* Measured, 6.1 kernel to the first program under TCG: 5.1 s of processor time, pc 5.6 s. */
     .machine = "q35",
     .console = "ttyS0",
     .cpu_hotplug = TRUE,
     .serial = "isa-serial",
     .kernel_firmware = "bios",
     .cdrom = "ide-cd",
     .cdrom_bus = "ide.", /* q35 has six ports of AHCI */
     .devices = x86_devices,
     /* Measured with QEMU 7.2 and two processors: under thread=multi a guest that sees CMPXCHG16B
      * corrupts its memory (Debian 13's kernel double-faults in SLUB, 8 boots of 9); without it
      * every boot was good, and faster than under thread=single.  A host with a weaker memory
      * order than x86 cannot run x86 guests on several threads at all (QEMU docs/devel/
      * multi-thread-tcg.rst, "Memory Consistency").  Without -monitor an idle processor runs
      * MWAIT, which TCG emulates as a busy loop: it takes a host processor from the other one. */
     .tcg = {{"x86_64", "tcg,thread=multi," TB_SIZE, X86_CPU ",-cx16"},
             {NULL, "tcg,thread=single," TB_SIZE, X86_CPU}},
     .kvm_cpus = x86_kvm_cpus},
    {.name = "aarch64",
     .qemu = "qemu-system-aarch64",
     .package = "qemu-system-arm",
     .machine = "virt",
     .console = "ttyAMA0",
     .serial = "pci-serial",
     .cdrom = "scsi-cd",
     .cdrom_host = "virtio-scsi-pci,id=cds",
     .cdrom_bus = "cds.0,scsi-id=",
     .devices = arm_devices,
     /* The architected pointer authentication is slow to emulate; any other hash will do. */
     .tcg = {{"aarch64", "tcg,thread=multi," TB_SIZE, "max,pauth-impdef=on"},
             {NULL, "tcg,thread=multi," TB_SIZE, "max,pauth-impdef=on"}}},
};

const struct vm_arch *vm_arch_find(const char *name)
{
    for (gsize i = 0; name && i < G_N_ELEMENTS(arches); i++)
        if (strcmp(arches[i].name, name) == 0)
            return &arches[i];
    return NULL;
}

const char *vm_console_name(const char *name)
{
    const struct vm_arch *arch = vm_arch_find(name);
    return arch ? arch->console : NULL;
}

const struct firmware_kind *vm_kernel_firmware(const char *name)
{
    const struct vm_arch *arch = vm_arch_find(name);
    return arch ? firmware_kind_find(arch->kernel_firmware) : NULL;
}

gboolean vm_can_add_cpu(const char *name)
{
    const struct vm_arch *arch = vm_arch_find(name);
    return arch && arch->cpu_hotplug;
}

static gboolean host_is(const char *machine)
{
    struct utsname host;
    return uname(&host) == 0 && strcmp(host.machine, machine) == 0;
}

const struct vm_tcg *vm_arch_tcg(const struct vm_arch *arch)
{
    return host_is(arch->tcg[0].host) ? &arch->tcg[0] : &arch->tcg[1];
}

const char *vm_emulated_cpu(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(arches); i++)
        if (vm_arch_is_host(&arches[i]))
            return vm_arch_tcg(&arches[i])->cpu;
    return NULL;
}

gboolean vm_arch_is_host(const struct vm_arch *arch)
{
    return host_is(arch->name);
}

char *vm_arch_qemu(const struct vm_arch *arch, GError **error)
{
    char *path = g_find_program_in_path(arch->qemu);
    if (path)
        return path;
    g_autofree char *hint = g_strdup_printf("install the package %s", arch->package);
    ingot_set_error(error, INGOT_EXIT_HOST, hint, "%s is not on this host, so nothing can be built",
                    arch->qemu);
    return NULL;
}

char *vm_arch_alias(const char *help, const char *alias)
{
    static const char mark[] = "(alias of ";
    g_auto(GStrv) lines = g_strsplit(help, "\n", -1);
    for (char **line = lines; *line; line++) {
        gsize n = strcspn(*line, " ");
        const char *name = strstr(*line, mark);
        if (name && n == strlen(alias) && strncmp(*line, alias, n) == 0)
            return g_strndup(name + strlen(mark), strcspn(name + strlen(mark), ")"));
    }
    return g_strdup(alias);
}

/* Descriptors name concrete types, by glob patterns.  As libvirt does, the alias is resolved and
 * not guessed at; QEMU answers in 50 ms. */
char *vm_arch_machine(const struct vm_arch *arch, GError **error)
{
    g_autofree char *qemu = vm_arch_qemu(arch, error);
    const char *const argv[] = {qemu, "-machine", "help", NULL};
    g_autofree char *help = NULL;
    if (!qemu || !spawn_run(argv, NULL, &help, error))
        return NULL;
    return vm_arch_alias(help, arch->machine);
}

char *vm_qemu_version(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(arches); i++) {
        const char *argv[] = {arches[i].qemu, "--version", NULL};
        g_autofree char *text = NULL;
        if (!vm_arch_is_host(&arches[i]) || !spawn_run(argv, NULL, &text, NULL))
            continue;
        text[strcspn(text, "\n")] = '\0';
        const char *version = strstr(text, "version ");
        return g_strdup(version ? version + strlen("version ") : text);
    }
    return NULL;
}
