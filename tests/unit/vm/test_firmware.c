/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../folder.h"

#include "base/error.h"
#include "vm/arch.h"
#include "vm/firmware.h"

#include <string.h>

/* Three folders below the one of all tests, from general to specific, anew for each test. */
static const char *const levels[] = {"own", "host", "user"};
static char *folders[4];

static int setup(void **state)
{
    (void)state;
    int made = folder_make("ingot-firmware");
    for (gsize i = 0; made == 0 && i < G_N_ELEMENTS(levels); i++)
        folders[i] = g_build_filename(folder, levels[i], NULL);
    return made;
}

static int teardown(void **state)
{
    for (gsize i = 0; i < G_N_ELEMENTS(levels); i++)
        g_clear_pointer(&folders[i], g_free);
    return folder_remove(state);
}

static int empty_folders(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(levels); i++) {
        files_remove_tree(folders[i]);
        if (!files_mkdir(folders[i], FALSE, NULL))
            return -1;
    }
    return 0;
}

static char *put(int level, const char *name, const char *text)
{
    char *path = g_build_filename(folders[level], name, NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

/* An image that is there, or (NULL) is not, and its descriptor, which is called as it is. */
static void describe(int level, const char *name, const char *interface, const char *features,
                     const char *image)
{
    g_autofree char *made = image ? put(0, image, "code") : g_strdup("/not/there.fd");
    g_autofree char *text = g_strdup_printf(
        "{\"description\": \"%d/%s\", \"interface-types\": [\"%s\"], \"features\": [%s],"
        "\"targets\": [{\"architecture\": \"x86_64\", \"machines\": [\"pc-q35-*\"]}],"
        "\"mapping\": {\"device\": \"memory\", \"filename\": \"%s\"}}",
        level, name, interface, features, made);
    g_free(put(level, name, text));
}

/* The description of what is chosen; owned by the caller. */
static char *chosen(const struct firmware_kind *kind, GError **error)
{
    g_autoptr(vm_firmware_list) all = firmware_read((const char *const *)folders);
    g_autoptr(vm_firmware) f = firmware_choose(all, "x86_64", "pc-q35-7.2", kind, error);
    return f ? g_strdup(f->description) : NULL;
}

static void assert_chosen(const char *kind, const char *want)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *found = chosen(firmware_kind_find(kind), &error);
    assert_no_error(error);
    assert_string_equal(found, want);
}

/* By the name of the file, whatever its folder. */
static void in_order(void **state)
{
    (void)state;
    describe(0, "50-b.json", "bios", "", "image");
    describe(1, "60-a.json", "bios", "", "image");
    assert_chosen("bios", "0/50-b.json");
    describe(2, "10-c.json", "bios", "", "image");
    assert_chosen("bios", "2/10-c.json");
}

/* Of two with one name the more specific; an empty one hides the other. */
static void precedence_and_masks(void **state)
{
    (void)state;
    describe(0, "50-x.json", "bios", "", "image");
    describe(1, "50-x.json", "bios", "", "image");
    describe(1, "70-y.json", "bios", "", "image");
    assert_chosen("bios", "1/50-x.json");
    describe(2, "50-x.json", "bios", "", "image");
    assert_chosen("bios", "2/50-x.json");
    g_free(put(2, "50-x.json", ""));
    assert_chosen("bios", "1/70-y.json");
    g_free(put(2, "70-y.json", "\n"));
    g_autoptr(GError) error = NULL;
    assert_null(chosen(firmware_kind_find("bios"), &error));
}

static void by_interface_and_features(void **state)
{
    (void)state;
    describe(1, "10-sb.json", "uefi", "\"secure-boot\", \"requires-smm\"", "image");
    describe(1, "20-keys.json", "uefi", "\"enrolled-keys\"", "image");
    describe(1, "30-bios.json", "bios", "", "image");
    describe(1, "40-uefi.json", "uefi", "\"acpi-s3\"", "image");
    assert_chosen("uefi", "1/40-uefi.json");
    assert_chosen("bios", "1/30-bios.json");
}

/* Another kind is another record. */
static void another_kind(void **state)
{
    static const char *const with[] = {"secure-boot", "enrolled-keys", NULL};
    static const struct firmware_kind secure = {.name = "uefi-secure",
                                                .title = "UEFI with Secure Boot",
                                                .interface_type = "uefi",
                                                .with = with,
                                                .packages = {{"x86_64", "ovmf"}}};
    (void)state;
    g_autoptr(GError) error = NULL;
    describe(1, "10-plain.json", "uefi", "", "image");
    describe(1, "20-empty.json", "uefi", "\"secure-boot\", \"requires-smm\"", "image");
    describe(1, "30-keys.json", "uefi", "\"secure-boot\", \"enrolled-keys\", \"requires-smm\"",
             "image");
    g_autoptr(vm_firmware_list) all = firmware_read((const char *const *)folders);
    g_autoptr(vm_firmware) f = firmware_choose(all, "x86_64", "pc-q35-7.2", &secure, &error);
    assert_no_error(error);
    assert_string_equal(f->description, "1/30-keys.json");
    assert_true(f->smm);
}

/* Passed over, and named when nothing else fits. */
static void none_fits(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    describe(1, "10-gone.json", "uefi", "", NULL);
    describe(1, "20-keys.json", "uefi", "\"enrolled-keys\"", "image");
    describe(1, "30-bios.json", "bios", "", "image");
    assert_null(chosen(firmware_kind_find("uefi"), &error));
    assert_error_says(error, INGOT_EXIT_HOST, "no UEFI firmware for x86_64");
    assert_error_says(error, INGOT_EXIT_HOST, "pc-q35-7.2");
    assert_error_says(error, INGOT_EXIT_HOST, "install the package ovmf");
    assert_error_says(error, INGOT_EXIT_HOST, folders[1]);
    assert_error_says(error, INGOT_EXIT_HOST, folders[2]);
    assert_error_says(error, INGOT_EXIT_HOST,
                      "10-gone.json: /not/there.fd is missing or not readable");
    assert_error_says(error, INGOT_EXIT_HOST, "20-keys.json: it has the feature enrolled-keys");
    assert_null(strstr(error->message, "30-bios.json"));
    describe(2, "90-there.json", "uefi", "", "image");
    assert_chosen("uefi", "2/90-there.json");
}

static void for_other_machines(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    describe(1, "10-x.json", "bios", "", "image");
    g_autoptr(vm_firmware_list) all = firmware_read((const char *const *)folders);
    const struct firmware_kind *bios = firmware_kind_find("bios");
    assert_null(firmware_choose(all, "x86_64", "pc-i440fx-7.2", bios, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "pc-i440fx-7.2");
}

/* What is broken is named and does not keep the others from being used. */
static void broken_files(void **state)
{
    (void)state;
    g_autofree char *large = g_strnfill(65537, ' ');
    g_autofree char *folder_name = g_build_filename(folders[1], "40-folder.json", NULL);
    g_free(put(1, "10-broken.json", "{\n\"description\": }"));
    g_free(put(1, "20-large.json", large));
    g_free(put(1, "30-notes.txt", "not looked at"));
    g_free(put(1, ".31-hidden.json", "not looked at"));
    assert_true(files_mkdir(folder_name, FALSE, NULL));
    describe(1, "50-x.json", "bios", "", "image");
    assert_chosen("bios", "1/50-x.json");
    g_autoptr(vm_firmware_list) all = firmware_read((const char *const *)folders);
    const char *const *problems = vm_firmware_list_problems(all);
    assert_int_equal(g_strv_length((char **)problems), 3);
    assert_non_null(strstr(problems[0], "10-broken.json is not used: line 2"));
    assert_non_null(strstr(problems[1], "20-large.json is not used: "));
    assert_non_null(strstr(problems[2], "40-folder.json is not used: "));
}

static void no_folders(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(levels); i++)
        files_remove_tree(folders[i]);
    g_autoptr(vm_firmware_list) all = firmware_read((const char *const *)folders);
    assert_null(*vm_firmware_list_problems(all));
}

/* Each that ingot brings is read, and there is one for each machine that a kind is for. */
static void our_own(void **state)
{
    (void)state;
    g_autofree char *own = g_build_filename(g_getenv("INGOT_TEST_SOURCE"), "firmware", NULL);
    g_autoptr(vm_firmware_list) all = firmware_read((const char *const[]){own, NULL});
    assert_null(*vm_firmware_list_problems(all));
    const struct firmware_kind *kind;
    for (gsize i = 0; (kind = firmware_kind_nth(i)); i++)
        for (const struct firmware_package *p = kind->packages; p->arch; p++) {
            g_autoptr(GError) error = NULL;
            g_autofree char *machine =
                g_strdup_printf("%s-7.2", strcmp(p->arch, "aarch64") == 0 ? "virt" : "pc-q35");
            g_autoptr(vm_firmware) f = firmware_choose(all, p->arch, machine, kind, &error);
            if (!f && !strstr(error->message, "is missing or not readable"))
                fail_msg("none is %s for %s", kind->name, p->arch);
        }
}

/* What "-machine help" of QEMU 7.2 says. */
static void aliases(void **state)
{
    static const char help[] =
        "Supported machines are:\n"
        "microvm              microvm (i386)\n"
        "pc                   Standard PC (i440FX + PIIX, 1996) (alias of pc-i440fx-7.2)\n"
        "pc-i440fx-7.2        Standard PC (i440FX + PIIX, 1996) (default)\n"
        "q35                  Standard PC (Q35 + ICH9, 2009) (alias of pc-q35-7.2)\n"
        "pc-q35-7.2           Standard PC (Q35 + ICH9, 2009)\n";
    (void)state;
    g_autofree char *q35 = vm_arch_alias(help, "q35");
    g_autofree char *pc = vm_arch_alias(help, "pc");
    g_autofree char *concrete = vm_arch_alias(help, "pc-q35-7.2");
    g_autofree char *unknown = vm_arch_alias(help, "virt");
    assert_string_equal(q35, "pc-q35-7.2");
    assert_string_equal(pc, "pc-i440fx-7.2");
    assert_string_equal(concrete, "pc-q35-7.2");
    assert_string_equal(unknown, "virt");
}

/* Of machines that cannot have it. */
static void no_such_machine(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(vm_firmware_list) all = firmware_read((const char *const *)folders);
    assert_null(vm_firmware_choose(all, "aarch64", firmware_kind_find("bios"), &error));
    assert_error_says(error, INGOT_EXIT_HOST, "machines of aarch64 have no BIOS");
    g_clear_error(&error);
    assert_null(vm_firmware_choose(all, "vax", firmware_kind_usual("vax"), &error));
    assert_error_says(error, INGOT_EXIT_HOST, "machines of vax have no firmware");
    assert_string_equal(vm_kernel_firmware("x86_64")->name, "bios");
    assert_null(vm_kernel_firmware("aarch64"));
}

#define TEST(name) cmocka_unit_test_setup(name, empty_folders)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(in_order),
        TEST(precedence_and_masks),
        TEST(by_interface_and_features),
        TEST(another_kind),
        TEST(none_fits),
        TEST(for_other_machines),
        TEST(broken_files),
        TEST(no_folders),
        TEST(our_own),
        TEST(aliases),
        TEST(no_such_machine),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
