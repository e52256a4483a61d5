/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "vm/vm.h"

#include <string.h>

/* The lines of an argv are compared with golden/NAME; INGOT_TEST_UPDATE=1 writes them anew. */
static void check_golden(const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(g_getenv("INGOT_TEST_SOURCE"), "tests", "unit", "vm",
                                             "golden", name, NULL);
    g_autofree char *want = NULL;
    if (g_getenv("INGOT_TEST_UPDATE"))
        assert_true(g_file_set_contents(path, text, -1, NULL));
    assert_true(g_file_get_contents(path, &want, NULL, NULL));
    assert_string_equal(text, want);
}

static char *lines(GPtrArray *argv)
{
    g_autofree char *text = g_strjoinv("\n", (char **)argv->pdata);
    g_ptr_array_unref(argv);
    return g_strconcat(text, "\n", NULL);
}

/* In memory, and in two flash memories. */
static vm_firmware bios = {.executable = (char *)"/firmware/bios.bin"};
static const vm_firmware flash = {.executable = (char *)"/firmware/co,de.fd",
                                  .executable_format = (char *)"raw",
                                  .variables = (char *)"/firmware/it's.fd",
                                  .variables_format = (char *)"raw"};

static struct vm_spec sample(void)
{
    return (struct vm_spec){
        .name = (char *)"debian-13",
        .arch = (char *)"x86_64",
        .accel = {.cpu = (char *)"max,-cx16", .option = (char *)"tcg,thread=multi,tb-size=512"},
        .cpus = 2,
        .memory = G_GUINT64_CONSTANT(1) << 30,
        .disk = (char *)"/cache/disk.qcow2",
        .kernel = (char *)"/cache/linux",
        .initrd = (char *)"/cache/initrd.gz",
        .command_line = (char *)"auto=true console=ttyS0 -- quiet",
        .firmware = &bios,
        .network = TRUE};
}

static void install(void **state)
{
    (void)state;
    struct vm_spec spec = sample();
    g_autofree char *text = lines(vm_argv(&spec, "/run/ingot/b1"));
    check_golden("install.argv", text);
}

static void boot_disk(void **state)
{
    (void)state;
    struct vm_spec spec = sample();
    spec.kernel = spec.initrd = spec.command_line = NULL;
    spec.network = FALSE;
    spec.accel.cpu = (char *)"host";
    spec.accel.option = (char *)"kvm";
    g_autofree char *text = lines(vm_argv(&spec, "/run/ingot/b1"));
    check_golden("disk.argv", text);
}

/* The medium is booted first, so that an installed disk does not matter; the other is only read. */
static void boot_cd(void **state)
{
    (void)state;
    struct vm_spec spec = sample();
    spec.kernel = spec.initrd = spec.command_line = NULL;
    spec.cdrom = (char *)"/cache/media/a,b.iso";
    spec.seed = (char *)"/work/seed.iso";
    g_autofree char *text = lines(vm_argv(&spec, "/run/ingot/b1"));
    check_golden("cdrom.argv", text);
}

static void arm_cds(void **state)
{
    (void)state;
    struct vm_spec spec = sample();
    spec.arch = (char *)"aarch64";
    spec.firmware = NULL;
    spec.kernel = NULL;
    spec.cdrom = (char *)"nbd:x";
    spec.seed = (char *)"/work/seed.iso";
    g_autofree char *text = lines(vm_argv(&spec, "/run/ingot/b1"));
    assert_non_null(strstr(text, "\nvirtio-scsi-pci,id=cds\n"));
    assert_non_null(strstr(text, "read-only=on,file.driver=file,file.filename=nbd:x\n"));
    assert_non_null(strstr(text, "\nscsi-cd,id=cd0,drive=cd0,bus=cds.0,scsi-id=0,bootindex=0\n"));
    assert_non_null(strstr(text, "\nscsi-cd,id=cd1,drive=cd1,bus=cds.0,scsi-id=1\n"));
}

/* The code is not written to; the variables are the machine's own. */
static void uefi(void **state)
{
    (void)state;
    struct vm_spec spec = sample();
    vm_firmware uefi = flash;
    spec.firmware = &uefi;
    spec.kernel = NULL;
    g_autofree char *text = lines(vm_argv(&spec, "/run/a,b"));
    assert_null(strstr(text, "\n-bios\n"));
    assert_non_null(strstr(text, "\nq35,pflash0=code,pflash1=variables\n"));
    assert_non_null(strstr(text, "\ndriver=raw,node-name=code,read-only=on,file.driver=file,"
                                 "file.filename=/firmware/co,,de.fd\n"));
    assert_non_null(strstr(text, "\ndriver=raw,node-name=variables,read-only=off,file.driver=file,"
                                 "file.filename=/run/a,,b/variables\n"));
    g_autofree char *as_script = vm_script(&spec);
    assert_non_null(strstr(as_script,
                           "\n[ -e 'debian-13.variables' ] || "
                           "cp '/firmware/it'\\''s.fd' 'debian-13.variables' || exit\n"));
    assert_non_null(strstr(as_script, "file.filename=debian-13.variables"));
}

/* The formats are those of the descriptor; firmware that needs SMM gets it, and alone writes its
 * variables. */
static void uefi_otherwise(void **state)
{
    (void)state;
    struct vm_spec spec = sample();
    vm_firmware uefi = flash;
    uefi.executable_format = uefi.variables_format = (char *)"qcow2";
    uefi.smm = TRUE;
    spec.firmware = &uefi;
    g_autofree char *text = lines(vm_argv(&spec, "/r"));
    assert_non_null(strstr(text, "\nq35,pflash0=code,pflash1=variables,smm=on\n"));
    assert_non_null(strstr(text, "\ndriver=qcow2,node-name=code,read-only=on,"));
    assert_non_null(strstr(text, "\ndriver=qcow2,node-name=variables,read-only=off,"));
    assert_non_null(strstr(text, "\n-global\ndriver=cfi.pflash01,property=secure,value=on\n"));
}

static void aarch64(void **state)
{
    (void)state;
    struct vm_spec spec = sample();
    spec.arch = (char *)"aarch64";
    spec.firmware = NULL;
    spec.accel.cpu = (char *)"max,pauth-impdef=on";
    g_autofree char *text = lines(vm_argv(&spec, "/run/ingot/b1"));
    check_golden("aarch64.argv", text);
}

/* A comma in a value must not begin an option of its own; a colon must not be a protocol. */
static void hostile(void **state)
{
    (void)state;
    struct vm_spec spec = sample();
    spec.name = (char *)"a,process=b/c'd";
    spec.disk = (char *)"nbd:/x,readonly=on";
    g_autofree char *text = lines(vm_argv(&spec, "/run/a,b"));
    assert_non_null(strstr(text, "\na,,process=b/c'd\n"));
    assert_non_null(strstr(text, ",file.filename=nbd:/x,,readonly=on\n"));
    assert_non_null(strstr(text, "\nsocket,id=qmp,path=/run/a,,b/qmp\n"));
    assert_non_null(strstr(text, "\nunix:/run/a,,b/vnc\n"));
    g_autofree char *script = vm_script(&spec);
    assert_null(strstr(script, "path=b/c"));
}

/* SMBIOS strings are files: a text is no part of a command line. */
static void oem_strings(void **state)
{
    (void)state;
    struct vm_spec spec = sample();
    g_autofree char *without = lines(vm_argv(&spec, "/r"));
    assert_null(strstr(without, "-smbios"));
    char *files[] = {(char *)"/work/one,value=x", (char *)"/work/two", NULL};
    spec.oem_strings = files;
    g_autofree char *text = lines(vm_argv(&spec, "/r"));
    assert_non_null(strstr(text, "\n-smbios\ntype=11,path=/work/one,,value=x\n"
                                 "-smbios\ntype=11,path=/work/two\n"));
}

static void memory_rounds_up(void **state)
{
    (void)state;
    struct vm_spec spec = sample();
    spec.memory = (G_GUINT64_CONSTANT(512) << 20) + 1;
    g_autofree char *text = lines(vm_argv(&spec, "/r"));
    assert_non_null(strstr(text, "\n-m\n513M\n"));
}

static void script(void **state)
{
    (void)state;
    struct vm_spec spec = sample();
    spec.command_line = (char *)"say='it works' $HOME";
    g_autofree char *text = vm_script(&spec);
    check_golden("script.txt", text);
}

/* The shell reads back what was meant. */
static void script_runs(void **state)
{
    (void)state;
    struct vm_spec spec = sample();
    spec.command_line = (char *)"say='it works' $HOME";
    g_autoptr(GPtrArray) argv = vm_argv(&spec, NULL);
    g_autofree char *text = vm_script(&spec);
    char *exec = strstr(text, "exec ");
    assert_non_null(exec);
    g_autofree char *probe = g_strdup_printf("printf '%%s\\n' %s", exec + strlen("exec "));
    char *shell[] = {(char *)"/bin/sh", (char *)"-c", probe, NULL};
    g_autofree char *out = NULL;
    assert_true(
        g_spawn_sync(NULL, shell, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, NULL, NULL));
    g_autofree char *want = lines(g_steal_pointer(&argv));
    assert_string_equal(out, want);
}

static void macs(void **state)
{
    (void)state;
    struct vm_spec spec = sample();
    g_autofree char *text = lines(vm_argv(&spec, "/r"));
    assert_non_null(vm_macs()[0]);
    assert_null(vm_macs()[1]);
    assert_non_null(strstr(text, vm_macs()[0]));
}

static void clear(void **state)
{
    (void)state;
    struct vm_spec spec = {.name = g_strdup("x"), .arch = g_strdup("x86_64"), .cpus = 3};
    spec.accel.reason = g_strdup("because");
    vm_spec_clear(&spec);
    assert_null(spec.name);
    assert_null(spec.accel.reason);
    assert_int_equal(spec.cpus, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(install),        cmocka_unit_test(boot_disk),
        cmocka_unit_test(aarch64),        cmocka_unit_test(hostile),
        cmocka_unit_test(oem_strings),    cmocka_unit_test(memory_rounds_up),
        cmocka_unit_test(script),         cmocka_unit_test(boot_cd),
        cmocka_unit_test(arm_cds),        cmocka_unit_test(uefi),
        cmocka_unit_test(uefi_otherwise), cmocka_unit_test(macs),
        cmocka_unit_test(script_runs),    cmocka_unit_test(clear)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
