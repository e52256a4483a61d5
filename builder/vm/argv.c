/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/arch.h"
#include "vm/vm.h"

#include "base/spawn.h"

#include <string.h>
#include <sys/stat.h>

/* A locally administered address that is the same on every host: what a guest remembers of it
 * says nothing about where the image was built. */
#define MAC "52:54:00:69:6e:67"

#define SANDBOX "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"

const char *const *vm_macs(void)
{
    static const char *const macs[] = {MAC, NULL};
    return macs;
}

void vm_spec_clear(struct vm_spec *spec)
{
    g_free(spec->name);
    g_free(spec->arch);
    vm_accel_clear(&spec->accel);
    g_free(spec->disk);
    g_free(spec->kernel);
    g_free(spec->initrd);
    g_free(spec->command_line);
    g_free(spec->cdrom);
    g_free(spec->seed);
    g_free(spec->mac);
    g_free(spec->capture);
    g_free(spec->port);
    g_strfreev(spec->oem_strings);
    vm_firmware_unref(spec->firmware);
    *spec = (struct vm_spec){0};
}

/* A value inside a QEMU option list: a comma is written twice (qemu(1), "-drive file="). */
static char *escaped(const char *value)
{
    GString *text = g_string_new(value);
    g_string_replace(text, ",", ",,", 0);
    return g_string_free(text, FALSE);
}

static void argv_add(GPtrArray *argv, const char *option, const char *value)
{
    g_ptr_array_add(argv, g_strdup(option));
    if (value)
        g_ptr_array_add(argv, g_strdup(value));
}

static void add_format(GPtrArray *argv, const char *option, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static void add_format(GPtrArray *argv, const char *option, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(argv, g_strdup(option));
    g_ptr_array_add(argv, g_strdup_vprintf(format, args));
    va_end(args);
}

/* For a person: beside the log in the working directory. */
char *vm_variables_path(const struct vm_spec *spec, const char *dir)
{
    g_autofree char *base = g_path_get_basename(spec->name);
    return dir ? g_build_filename(dir, "variables", NULL) : g_strconcat(base, ".variables", NULL);
}

static void add_flash(GPtrArray *argv, const char *name, const char *format, const char *path,
                      gboolean read_only)
{
    g_autofree char *clean = escaped(path);
    add_format(argv, "-blockdev",
               "driver=%s,node-name=%s,read-only=%s,file.driver=file,file.filename=%s", format,
               name, read_only ? "on" : "off", clean);
}

/* variables: the machine's own copy. */
static void argv_add_firmware(GPtrArray *argv, const vm_firmware *f, const char *variables)
{
    if (!f)
        return;
    if (!f->variables) {
        argv_add(argv, "-bios", f->executable);
        return;
    }
    add_flash(argv, "code", f->executable_format, f->executable, TRUE);
    add_flash(argv, "variables", f->variables_format, variables, FALSE);
    /* Only code in SMM may write to the variables (firmware.json, "@requires-smm"). */
    if (f->smm)
        argv_add(argv, "-global", "driver=cfi.pflash01,property=secure,value=on");
}

static void add_machine_type(GPtrArray *argv, const char *machine, const vm_firmware *f)
{
    add_format(argv, "-machine", "%s%s%s", machine,
               f && f->variables ? ",pflash0=code,pflash1=variables" : "",
               f && f->smm ? ",smm=on" : "");
}

static void add_machine(GPtrArray *argv, const struct vm_spec *spec, const struct vm_arch *arch)
{
    g_autofree char *name = escaped(spec->name);
    guint64 mib = spec->memory / (1 << 20) + (spec->memory % (1 << 20) != 0);
    argv_add(argv, arch->qemu, NULL);
    argv_add(argv, "-name", name);
    argv_add(argv, "-no-user-config", NULL);
    argv_add(argv, "-nodefaults", NULL);
    argv_add(argv, "-display", "none");
    argv_add(argv, "-sandbox", SANDBOX);
    add_machine_type(argv, arch->machine, spec->firmware);
    argv_add(argv, "-accel", spec->accel.option);
    argv_add(argv, "-cpu", spec->accel.cpu);
    if (spec->hotplug && arch->cpu_hotplug)
        add_format(argv, "-smp", "%u,maxcpus=%u", spec->cpus, spec->cpus + 1);
    else
        add_format(argv, "-smp", "%u", spec->cpus);
    add_format(argv, "-m", "%" G_GUINT64_FORMAT "M", mib);
    if (!spec->restarts)
        argv_add(argv, "-no-reboot", NULL);
}

static void add_kernel(GPtrArray *argv, const struct vm_spec *spec)
{
    if (!spec->kernel)
        return;
    argv_add(argv, "-kernel", spec->kernel);
    if (spec->initrd)
        argv_add(argv, "-initrd", spec->initrd);
    if (spec->command_line)
        argv_add(argv, "-append", spec->command_line);
}

/* Written as -blockdev because -drive would read "nbd:…" in a path as a protocol.  The two cache
 * settings are what -drive calls cache=unsafe: a build that is cut short is thrown away, so no
 * write has to reach the platter. */
static void add_disk(GPtrArray *argv, const struct vm_spec *spec)
{
    if (!spec->disk)
        return;
    g_autofree char *path = escaped(spec->disk);
    add_format(argv, "-blockdev",
               "driver=" VM_DISK_FORMAT ",node-name=disk0,discard=unmap,detect-zeroes=unmap,"
               "cache.direct=off,cache.no-flush=on,file.driver=file,file.discard=unmap,"
               "file.cache.direct=off,file.cache.no-flush=on,file.filename=%s",
               path);
    add_format(argv, "-device", "virtio-blk-pci,id=disk0,drive=disk0%s",
               spec->cdrom ? ",bootindex=1" : "");
}

/* A drive is no file to QEMU (qemu-block-drivers(7), "Host block devices"). */
static void add_cd(GPtrArray *argv, const struct vm_arch *arch, guint number, const char *path,
                   const char *more)
{
    struct stat info;
    gboolean drive = stat(path, &info) == 0 && S_ISBLK(info.st_mode);
    g_autofree char *clean = escaped(path);
    add_format(argv, "-blockdev",
               "driver=raw,node-name=cd%u,read-only=on,file.driver=%s,file.filename=%s", number,
               drive ? "host_device" : "file", clean);
    add_format(argv, "-device", "%s,id=cd%u,drive=cd%u,bus=%s%u%s", arch->cdrom, number, number,
               arch->cdrom_bus, number, more);
}

static void add_cds(GPtrArray *argv, const struct vm_spec *spec, const struct vm_arch *arch)
{
    if (arch->cdrom_host && (spec->cdrom || spec->seed))
        argv_add(argv, "-device", arch->cdrom_host);
    if (spec->cdrom)
        add_cd(argv, arch, 0, spec->cdrom, ",bootindex=0");
    if (spec->seed)
        add_cd(argv, arch, 1, spec->seed, "");
}

static void add_nic(GPtrArray *argv, const struct vm_spec *spec)
{
    if (!spec->network)
        return;
    add_format(argv, "-netdev", "user,id=net0,ipv6=off%s", spec->closed ? ",restrict=on" : "");
    /* No option ROM: nothing is booted from the network, and it costs the firmware time. */
    add_format(argv, "-device",
               "virtio-net-pci,id=net0,netdev=net0,mac=%s,romfile=", spec->mac ? spec->mac : MAC);
    if (!spec->capture)
        return;
    g_autofree char *path = escaped(spec->capture);
    add_format(argv, "-object", "filter-dump,id=capture0,netdev=net0,file=%s", path);
}

/* The root bus of the machines here takes nothing while it runs; its ports do, one device each. */
static void add_hotplug(GPtrArray *argv, const struct vm_spec *spec)
{
    if (!spec->hotplug)
        return;
    argv_add(argv, "-device", "pcie-root-port,id=" VM_PORT_DISK ",chassis=1,slot=1");
    argv_add(argv, "-device", "pcie-root-port,id=" VM_PORT_NIC ",chassis=2,slot=2");
    argv_add(argv, "-device", "virtio-balloon-pci,id=balloon0");
}

/* One table for all of them: "OEM Strings" (SMBIOS 3.7, 7.12). */
static void add_oem_strings(GPtrArray *argv, const struct vm_spec *spec)
{
    for (char **file = spec->oem_strings; file && *file; file++) {
        g_autofree char *clean = escaped(*file);
        add_format(argv, "-smbios", "type=11,path=%s", clean);
    }
}

static void add_devices(GPtrArray *argv, const struct vm_spec *spec, const struct vm_arch *arch)
{
    add_disk(argv, spec);
    add_cds(argv, spec, arch);
    add_nic(argv, spec);
    add_hotplug(argv, spec);
    argv_add(argv, "-object", "rng-builtin,id=rng0");
    argv_add(argv, "-device", "virtio-rng-pci,rng=rng0");
    for (const char *const *d = arch->devices; *d; d++)
        argv_add(argv, "-device", *d);
}

static void add_socket(GPtrArray *argv, const char *id, const char *dir)
{
    add_format(argv, "-chardev", "socket,id=%s,path=%s/%s", id, dir, id);
}

/* A port with a name, /dev/virtio-ports/NAME in Linux (virtio 1.2, 5.3). */
static void add_port(GPtrArray *argv, const char *name, const char *dir)
{
    g_autofree char *clean = escaped(name);
    add_socket(argv, "port", dir);
    argv_add(argv, "-device", "virtio-serial-pci,id=serial0");
    add_format(argv, "-device", "virtserialport,bus=serial0.0,chardev=port,name=%s", clean);
}

/* ingot listens and QEMU connects, so that nothing has to be polled for. */
static void add_sockets(GPtrArray *argv, const struct vm_spec *spec, const struct vm_arch *arch,
                        const char *dir)
{
    g_autofree char *path = escaped(dir);
    add_socket(argv, "console", path);
    argv_add(argv, "-serial", "chardev:console");
    add_socket(argv, "log", path);
    add_format(argv, "-device", "%s,chardev=log", arch->serial);
    add_socket(argv, "qmp", path);
    argv_add(argv, "-mon", "chardev=qmp,mode=control");
    if (spec->port)
        add_port(argv, spec->port, path);
    add_format(argv, "-vnc", "unix:%s/vnc", path);
    argv_add(argv, "-S", NULL);
}

/* For a person: the console and QEMU's monitor (Ctrl-A C) on the terminal. */
static void add_terminal(GPtrArray *argv, const struct vm_arch *arch, const char *name)
{
    g_autofree char *base = g_path_get_basename(name);
    g_autofree char *file = escaped(base);
    argv_add(argv, "-chardev", "stdio,id=console,mux=on,signal=off");
    argv_add(argv, "-serial", "chardev:console");
    argv_add(argv, "-mon", "chardev=console,mode=readline");
    add_format(argv, "-chardev", "file,id=log,path=%s.log", file);
    add_format(argv, "-device", "%s,chardev=log", arch->serial);
    add_format(argv, "-vnc", "unix:%s.vnc", file);
}

GPtrArray *vm_argv(const struct vm_spec *spec, const char *dir)
{
    const struct vm_arch *arch = vm_arch_find(spec->arch);
    g_return_val_if_fail(arch, NULL);
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
    add_machine(argv, spec, arch);
    g_autofree char *variables = vm_variables_path(spec, dir);
    argv_add_firmware(argv, spec->firmware, variables);
    add_kernel(argv, spec);
    add_devices(argv, spec, arch);
    add_oem_strings(argv, spec);
    if (dir)
        add_sockets(argv, spec, arch, dir);
    else
        add_terminal(argv, arch, spec->name);
    g_ptr_array_add(argv, NULL);
    return argv;
}

static void script_variables(GString *text, const struct vm_spec *spec)
{
    if (!spec->firmware || !spec->firmware->variables)
        return;
    g_autofree char *copy = vm_variables_path(spec, NULL);
    g_autofree char *to = g_shell_quote(copy);
    g_autofree char *from = g_shell_quote(spec->firmware->variables);
    g_string_append_printf(text, "[ -e %s ] || cp %s %s || exit\n", to, from, to);
}

char *vm_script(const struct vm_spec *spec)
{
    g_autoptr(GPtrArray) argv = vm_argv(spec, NULL);
    g_return_val_if_fail(argv, NULL);
    GString *text = g_string_new(
        "#!/bin/sh\n"
        "# The virtual machine of this build.  The console is here: Ctrl-A X ends it,\n"
        "# Ctrl-A C is QEMU's monitor.  Relative names are beside this script.\n"
        "cd \"$(dirname \"$0\")\" || exit\n");
    script_variables(text, spec);
    g_string_append(text, "exec");
    for (guint i = 0; i + 1 < argv->len; i++) {
        const char *const word[] = {argv->pdata[i], NULL};
        g_autofree char *quoted = spawn_quote(word);
        gboolean option = i == 0 || *word[0] == '-';
        g_string_append_printf(text, "%s%s", option && i ? " \\\n    " : " ", quoted);
    }
    g_string_append_c(text, '\n');
    return g_string_free(text, FALSE);
}
