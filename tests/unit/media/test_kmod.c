/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"

#include "media/kmod.h"

#define TEXT(text) text, sizeof(text) - 1 /* with the NULs in it */

static void names(void **state)
{
    (void)state;
    static const struct {
        const char *path, *name;
    } cases[] = {
        {"kernel/fs/ext4/ext4.ko", "ext4"},
        {"a-b.ko.xz", "a_b"},
        {"x/a_b.ko.zst", "a_b"},
        {"crc-ccitt.ko.gz", "crc_ccitt"},
        {"a.ko.bz2", NULL},
        {"a.o", NULL},
        {".ko", NULL},
        {".ko.xz", NULL},
        {"", NULL},
        {"kernel/fs/ext4.ko/modules", NULL},
        {"a.ko.xz.ko", "a.ko.xz"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = media_kmod_name(cases[i].path);
        assert_int_equal(g_strcmp0(name, cases[i].name), 0);
    }
}

static void unpacks(void **state)
{
    (void)state;
    static const char *const endings[] = {"", ".xz", ".zst", ".gz"};
    for (gsize i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = g_strconcat("a.ko", endings[i], NULL);
        g_autoptr(GBytes) packed = squeeze(endings[i], "a module", 8);
        g_autoptr(GBytes) elf = media_kmod_unpack(path, packed, &error);
        assert_no_error(error);
        assert_int_equal(g_bytes_get_size(elf), 8);
        assert_memory_equal(g_bytes_get_data(elf, NULL), "a module", 8);
    }
}

static void what_does_not_unpack(void **state)
{
    (void)state;
    g_autofree char *zeros = g_malloc0(130u << 20);
    g_autoptr(GBytes) good = squeeze(".xz", zeros, 1u << 20);
    g_autoptr(GBytes) large = squeeze(".xz", zeros, 130u << 20);
    g_autoptr(GBytes) cut = g_bytes_new_from_bytes(good, 0, g_bytes_get_size(good) / 2);
    g_autoptr(GError) one = NULL, two = NULL;
    assert_null(media_kmod_unpack("a.ko.xz", cut, &one));
    assert_error_says(one, INGOT_EXIT_MEDIA, "cannot read the kernel module a.ko.xz: ");
    assert_null(media_kmod_unpack("a.ko.xz", large, &two));
    assert_error_says(two, INGOT_EXIT_MEDIA, "unpacks to more than 128 MiB");
}

static void check(GBytes *elf, const char *is, const char *says)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) depends = media_kmod_depends("a.ko", elf, &error);
    if (says) {
        assert_null(depends);
        assert_error_says(error, INGOT_EXIT_MEDIA, says);
        return;
    }
    assert_no_error(error);
    g_autofree char *got = g_strjoinv(" ", depends);
    assert_string_equal(got, is);
}

static void dependencies(void **state)
{
    (void)state;
    static const char *const odd = "its dependencies are not names of modules";
    static const struct {
        const char *text;
        gsize length;
        const char *is, *says;
    } cases[] = {
        {TEXT("license=GPL\0depends=a,b-c,d_1\0name=x\0"), "a b-c d_1", NULL},
        {TEXT("depends=\0"), "", NULL},
        {TEXT(""), "", NULL},
        {TEXT("license=GPL\0"), "", NULL},
        {TEXT("depends=a\0depends=b\0"), "a b", NULL},
        {TEXT("depends=a"), "a", NULL}, /* no NUL: up to the end of the section */
        {TEXT("\0\0\0depends=a\0"), "a", NULL},
        {TEXT("xdepends=a\0"), "", NULL},
        {TEXT("depends"), "", NULL},
        {TEXT("depends=a,\0"), NULL, odd},
        {TEXT("depends=../a\0"), NULL, odd},
        {TEXT("depends=a b\0"), NULL, odd},
        {TEXT("depends=a\nb\0"), NULL, odd},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) elf = make_ko(cases[i].text, cases[i].length);
        check(elf, cases[i].is, cases[i].says);
    }
    g_autoptr(GString) many = g_string_new("depends=a");
    for (int i = 0; i < 300; i++)
        g_string_append(many, ",a");
    g_autoptr(GBytes) elf = make_ko(many->str, many->len);
    check(elf, NULL, odd);
}

/* Every byte of the header and the tables changed, and the file cut anywhere: it is read or
 * refused, and no byte outside it is touched (the sanitizer sees to that). */
static void damaged_files(void **state)
{
    (void)state;
    static const guint8 values[] = {0, 1, 0x7f, 0x80, 0xff};
    g_autoptr(GBytes) good = make_ko_of("x", "a,b");
    gsize size = 0;
    const guint8 *data = g_bytes_get_data(good, &size);
    for (gsize at = 0; at < size; at++) {
        g_autoptr(GBytes) cut = g_bytes_new(data, at);
        g_auto(GStrv) depends = media_kmod_depends("a.ko", cut, NULL);
        (void)depends;
        for (gsize v = 0; v < G_N_ELEMENTS(values); v++) {
            guint8 *copy = g_memdup2(data, size);
            copy[at] = values[v];
            g_autoptr(GBytes) bad = g_bytes_new_take(copy, size);
            g_auto(GStrv) other = media_kmod_depends("a.ko", bad, NULL);
            (void)other;
        }
    }
}

static void no_modules(void **state)
{
    (void)state;
    g_autoptr(GBytes) empty = g_bytes_new("", 0), text = g_bytes_new("\177ELF\2\1", 6);
    g_autoptr(GBytes) good = make_ko_of("x", "");
    gsize size = g_bytes_get_size(good);
    guint8 *unnamed = g_memdup2(g_bytes_get_data(good, NULL), size);
    check(empty, NULL, "it is not a 64-bit little-endian ELF file");
    check(text, NULL, "it is not a 64-bit little-endian ELF file");
    guint8 *name = memmem(unnamed, size, ".modinfo", 8);
    name[1] = 'M';
    g_autoptr(GBytes) other = g_bytes_new_take(unnamed, size);
    check(other, NULL, "cannot read the kernel module a.ko: it has no section .modinfo");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(unpacks),
        cmocka_unit_test(what_does_not_unpack),
        cmocka_unit_test(dependencies),
        cmocka_unit_test(damaged_files),
        cmocka_unit_test(no_modules),
    };
    return cmocka_run_group_tests_name("media/kmod", tests, NULL, NULL);
}
