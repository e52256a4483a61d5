/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../folder.h"

#include "base/error.h"
#include "base/files.h"
#include "base/spawn.h"
#include "vm/probe.h"
#include "vm/probe_bytes.h"

#include <string.h>
#include <unistd.h>

/* Enough for a host on which everything else is busy too. */
#define PATIENT_MS 60000u

static const struct vm_arch *x86_64(void)
{
    const struct vm_arch *arch = vm_arch_find("x86_64");
    g_autofree char *qemu = vm_arch_qemu(arch, NULL);
    if (!qemu) {
        print_message("# skipped: %s is not on this host\n", arch->qemu);
        skip();
    }
    return arch;
}

static void run(const char *accel, const char *cpu, guint limit_ms, struct vm_probe *probe)
{
    g_autoptr(GError) error = NULL;
    gboolean done = vm_probe_run(x86_64(), accel, cpu, folder, limit_ms, NULL, probe, &error);
    assert_no_error(error);
    assert_true(done);
}

static gboolean have(const char *program)
{
    g_autofree char *path = g_find_program_in_path(program);
    if (!path)
        print_message("# skipped: %s is not on this host\n", program);
    return path != NULL;
}

/* probe_bytes.h is what probe.S says. */
static void bytes_are_source(void **state)
{
    (void)state;
    if (!have("as") || !have("objcopy"))
        skip();
    g_autofree char *dir = files_temp_dir(g_get_tmp_dir(), "probe", NULL);
    g_autofree char *source =
        g_build_filename(g_getenv("INGOT_TEST_SOURCE"), "builder", "vm", "probe.S", NULL);
    g_autofree char *object = g_build_filename(dir, "probe.o", NULL);
    g_autofree char *binary = g_build_filename(dir, "probe.bin", NULL);
    g_autofree char *page = NULL;
    gsize length = 0;
    const char *assemble[] = {"as", "--64", "-o", object, source, NULL};
    const char *extract[] = {"objcopy", "-O", "binary", "-j", ".text", object, binary, NULL};
    if (!spawn_run(assemble, NULL, NULL, NULL)) {
        files_remove_tree(dir);
        print_message("# skipped: as does not assemble x86 code\n");
        skip();
    }
    assert_true(spawn_run(extract, NULL, NULL, NULL));
    assert_true(g_file_get_contents(binary, &page, &length, NULL));
    files_remove_tree(dir);
    assert_int_equal(length, VM_PROBE_PAGE);
    assert_memory_equal(page, vm_probe_code, sizeof vm_probe_code);
    assert_memory_equal(page + VM_PROBE_RESET, vm_probe_reset, sizeof vm_probe_reset);
    for (gsize i = sizeof vm_probe_code; i < VM_PROBE_RESET; i++)
        assert_int_equal((guchar)page[i], 0xff);
}

/* The code itself is right: it runs to its end where processors are known to work. */
static void emulated(void **state)
{
    (void)state;
    static const char *const ways[][2] = {{"tcg,thread=multi", "max,-cx16"},
                                          {"tcg,thread=single", "qemu64"}};
    for (gsize i = 0; i < G_N_ELEMENTS(ways); i++) {
        struct vm_probe probe;
        run(ways[i][0], ways[i][1], PATIENT_MS, &probe);
        if (!probe.good)
            fail_msg("under %s -cpu %s: %s", ways[i][0], ways[i][1], probe.cause);
        assert_null(probe.cause);
    }
}

/* A processor without SSE2 stops where it is used: the answer says how far it came, in time. */
static void stuck(void **state)
{
    (void)state;
    struct vm_probe probe;
    gint64 began = g_get_monotonic_time();
    run("tcg", "qemu64,-sse,-sse2", 3000, &probe);
    assert_false(probe.good);
    assert_non_null(strstr(probe.cause, "long mode"));
    assert_true(g_get_monotonic_time() - began < 20 * G_USEC_PER_SEC);
    vm_probe_clear(&probe);
}

static void refused(void **state)
{
    (void)state;
    struct vm_probe probe;
    run("tcg", "no-such-cpu", PATIENT_MS, &probe);
    assert_false(probe.good);
    assert_non_null(strstr(probe.cause, "QEMU exited with status 1"));
    assert_non_null(strstr(probe.cause, "no-such-cpu"));
    vm_probe_clear(&probe);
}

static void cancelled(void **state)
{
    (void)state;
    struct vm_probe probe;
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_cancellable_cancel(cancel);
    assert_false(vm_probe_run(x86_64(), "tcg", "max", folder, 1000, cancel, &probe, &error));
    assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    vm_probe_clear(&probe);
}

/* Under KVM either it runs, or it says why not; a hang is ended by the limit.  Without /dev/kvm
 * QEMU says so itself. */
static void under_kvm(void **state)
{
    (void)state;
    for (const char *const *cpu = x86_64()->kvm_cpus; *cpu; cpu++) {
        struct vm_probe probe;
        gint64 began = g_get_monotonic_time();
        run("kvm", *cpu, 1000, &probe);
        assert_true(g_get_monotonic_time() - began < 10 * G_USEC_PER_SEC);
        print_message("# -cpu %s: %s\n", *cpu, probe.good ? "works" : probe.cause);
        assert_true(probe.good == (probe.cause == NULL));
        if (access("/dev/kvm", R_OK | W_OK) != 0)
            assert_non_null(strstr(probe.cause, "KVM"));
        vm_probe_clear(&probe);
    }
}

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-probe");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bytes_are_source),
                                       cmocka_unit_test(emulated),
                                       cmocka_unit_test(stuck),
                                       cmocka_unit_test(refused),
                                       cmocka_unit_test(cancelled),
                                       cmocka_unit_test(under_kvm)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
