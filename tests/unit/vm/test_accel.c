/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "base/files.h"
#include "vm/arch.h"
#include "vm/vm.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static char *dir, *kept;

static int setup(void **state)
{
    (void)state;
    dir = files_temp_dir(g_get_tmp_dir(), "accel", NULL);
    kept = g_build_filename(dir, "accel.json", NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    files_remove_tree(dir);
    g_free(dir);
    g_free(kept);
    return 0;
}

static void probe(gboolean again, struct vm_accel *accel)
{
    g_autoptr(GError) error = NULL;
    gboolean done = vm_accel_probe("x86_64", dir, again, NULL, accel, &error);
    assert_no_error(error);
    assert_true(done);
}

/* Whether there is anything to probe here. */
static gboolean have_kvm_device(void)
{
    int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    return fd >= 0 && vm_arch_is_host(vm_arch_find("x86_64"));
}

static void need_qemu(void)
{
    g_autofree char *qemu = vm_arch_qemu(vm_arch_find("x86_64"), NULL);
    if (qemu)
        return;
    print_message("# skipped: QEMU is not on this host; install qemu-system-x86\n");
    skip();
}

/* Where there is nothing to probe the answer is emulation, at once, and is not kept: the device
 * may be there a minute later. */
static void assert_obstacle(const struct vm_accel *accel)
{
    assert_false(accel->kvm);
    assert_true(accel->seconds == 0);
    assert_non_null(strstr(accel->reason, "emulated"));
    assert_false(g_file_test(kept, G_FILE_TEST_EXISTS));
}

/* Under two seconds, kept, and the kept answer is the same. */
static void probed_once(void **state)
{
    (void)state;
    need_qemu();
    struct vm_accel first, second;
    probe(FALSE, &first);
    print_message("# %s (%.2f s)\n", first.reason, first.seconds);
    assert_true(g_str_has_prefix(first.option, first.kvm ? "kvm" : "tcg"));
    if (!have_kvm_device()) {
        assert_obstacle(&first);
        vm_accel_clear(&first);
        return;
    }
    assert_true(first.seconds > 0 && first.seconds < 2);
    assert_true(g_file_test(kept, G_FILE_TEST_EXISTS));
    probe(FALSE, &second);
    assert_true(second.seconds == 0);
    assert_true(second.kvm == first.kvm);
    assert_string_equal(second.reason, first.reason);
    assert_string_equal(second.cpu, first.cpu);
    assert_string_equal(second.option, first.option);
    vm_accel_clear(&first);
    vm_accel_clear(&second);
    probe(TRUE, &second);
    assert_true(second.seconds > 0);
    vm_accel_clear(&second);
}

/* A kept answer that is damaged or of another boot is not believed. */
static void kept_is_checked(void **state)
{
    (void)state;
    need_qemu();
    static const char *const texts[] = {
        "",
        "[",
        "[1]",
        "{\"x86_64\": 1}",
        "{\"x86_64\": {\"key\": \"0\", \"kvm\": true}}",
        ("{\"x86_64\": {\"key\": \"0\", \"kvm\": true, \"cpu\": \"host\", \"option\": \"kvm\","
         " \"reason\": \"of another boot\"}, \"aarch64\": {\"key\": \"other\"}}")};
    struct vm_accel accel;
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        assert_true(g_file_set_contents(kept, texts[i], -1, NULL));
        probe(FALSE, &accel);
        assert_true(accel.seconds > 0 || !have_kvm_device());
        assert_string_not_equal(accel.reason, "of another boot");
        vm_accel_clear(&accel);
    }
    g_autofree char *text = files_read(kept, 65536, NULL, NULL);
    assert_non_null(strstr(text, "\"other\""));
}

/* No probe is needed to know these. */
static void emulated(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    struct vm_accel accel;
    g_autofree char *qemu = vm_arch_qemu(vm_arch_find("aarch64"), NULL);
    gboolean done = vm_accel_probe("aarch64", dir, FALSE, NULL, &accel, &error);
    if (!qemu) {
        assert_false(done);
        assert_error_says(error, INGOT_EXIT_HOST, "qemu-system-aarch64 is not on this host");
        assert_string_equal(ingot_error_hint(error), "install the package qemu-system-arm");
        return;
    }
    assert_true(done);
    assert_false(accel.kvm);
    assert_true(accel.seconds == 0);
    assert_non_null(strstr(accel.reason, "emulated"));
    vm_accel_clear(&accel);
}

static void unknown(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    struct vm_accel accel;
    assert_false(vm_accel_probe("vax", dir, FALSE, NULL, &accel, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "vax is not an architecture");
}

/* The measured choice: with cx16 and several threads Debian 13 corrupts its memory. */
static void tcg_choice(void **state)
{
    (void)state;
    const struct vm_arch *arch = vm_arch_find("x86_64");
    const struct vm_tcg *tcg = vm_arch_tcg(arch);
    if (vm_arch_is_host(arch)) {
        assert_non_null(strstr(tcg->option, "thread=multi"));
        assert_non_null(strstr(tcg->cpu, "-cx16"));
    } else {
        assert_non_null(strstr(tcg->option, "thread=single"));
    }
}

static void version(void **state)
{
    (void)state;
    g_autofree char *text = vm_qemu_version();
    if (!text) {
        print_message("# skipped: QEMU for this host is not here\n");
        skip();
    }
    assert_true(g_ascii_isdigit(*text));
    assert_null(strchr(text, '\n'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(probed_once, setup, teardown),
        cmocka_unit_test_setup_teardown(kept_is_checked, setup, teardown),
        cmocka_unit_test_setup_teardown(emulated, setup, teardown),
        cmocka_unit_test_setup_teardown(unknown, setup, teardown),
        cmocka_unit_test(tcg_choice),
        cmocka_unit_test(version)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
