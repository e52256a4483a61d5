/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"

#include "debian/debian.h"

#include <sys/stat.h>
#include <unistd.h>

#define MIB (G_GUINT64_CONSTANT(1) << 20)

static const struct member base[] = {{.path = "./"},
                                     {.path = "./tmp/", .mode = 01777},
                                     {.path = "./etc/"},
                                     {.path = "./etc/issue", .text = "Debian"},
                                     {.path = "./usr/bin/"},
                                     {.path = "./bin", .symlink = "usr/bin"},
                                     {0}};
static const struct member tool[] = {
    {.path = "./"}, {.path = "./tmp/"}, {.path = "./bin/tool", .text = "tool", .uid = 5}, {0}};

/* Makes DIR/image.qcow2 of packages; what they are called is before the '_' of the file's name. */
static gboolean make(const char *dir, guint64 size, gboolean efi, const char *const *paths,
                     GCancellable *cancel, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *image = g_build_filename(dir, "image.qcow2", NULL);
    g_autofree char *work = g_build_filename(dir, "work", NULL);
    struct rootfs_package packages[8] = {0};
    gsize n = 0;
    assert_true(files_mkdir(work, TRUE, NULL));
    for (; paths[n]; n++) {
        g_autofree char *base_name = g_path_get_basename(paths[n]);
        g_ptr_array_add(names, g_strndup(base_name, strcspn(base_name, "_")));
        const char *name = g_ptr_array_index(names, n);
        packages[n] =
            (struct rootfs_package){name, paths[n], g_str_equal(name, "base-files") ? 0 : 1, n > 0};
    }
    const struct rootfs_spec spec = {.image = image,
                                     .format = "qcow2",
                                     .layout = {.size = size, .efi = efi},
                                     .content = {&deb_dpkg, packages, n, work}};
    gboolean good = rootfs_make(&spec, NULL, cancel, error);
    /* Nothing is left but the image. */
    assert_int_equal(rmdir(work), 0);
    assert_int_equal(access(image, F_OK) == 0, good);
    return good;
}

static char *raw_of(const char *dir)
{
    g_autofree char *image = g_build_filename(dir, "image.qcow2", NULL);
    char *raw = g_build_filename(dir, "image.raw", NULL);
    g_free(run_tool((const char *[]){"qemu-img", "convert", "-O", "raw", image, raw, NULL}));
    return raw;
}

static void assert_refused(void **state, guint64 size, const char *path, int code, const char *says)
{
    g_autoptr(GError) error = NULL;
    assert_false(make(*state, size, FALSE, (const char *const[]){path, NULL}, NULL, &error));
    assert_error_says(error, code, says);
}

static guint32 le(const guint8 *at, guint bytes)
{
    guint32 value = 0;
    while (bytes--)
        value = value << 8 | at[bytes];
    return value;
}

/* As firmware sees it: not by its name, but by the number of its clusters (FAT specification 1.03,
 * "FAT Type Determination"). */
static void assert_is_fat32(const char *raw)
{
    guint8 sector[512];
    FILE *f = fopen(raw, "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, (long)MIB, SEEK_SET), 0);
    assert_int_equal(fread(sector, 1, sizeof sector, f), sizeof sector);
    assert_int_equal(fclose(f), 0);
    assert_memory_equal(sector + 82, "FAT32   ", 8);
    guint32 all = le(sector + 32, 4), fat = le(sector + 36, 4);
    guint32 data = all - le(sector + 14, 2) - sector[16] * fat;
    assert_true(data / sector[13] >= 65525);
}

static void makes_a_disk(void **state, gboolean efi)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *first = make_deb(*state, "tool", "", NULL, tool);
    g_autofree char *second = make_deb(*state, "base-files", "", NULL, base);
    gboolean good =
        make(*state, 512 * MIB, efi, (const char *const[]){first, second, NULL}, NULL, &error);
    assert_no_error(error);
    assert_true(good);
    g_autofree char *raw = raw_of(*state);
    g_autofree char *root = g_strdup_printf("%s?offset=%u", raw, efi ? 129u << 20 : 1u << 20);
    g_autofree char *table = run_tool((const char *[]){"sfdisk", "--dump", raw, NULL});
    assert_non_null(strstr(table, efi ? "label: gpt" : "label: dos"));
    assert_non_null(strstr(table, efi ? "C12A7328-F81F-11D2-BA4B-00A0C93EC93B" : "bootable"));
    if (efi)
        assert_non_null(strstr(table, "0FC63DAF-8483-4772-8E79-3D69D8477DE4"));
    assert_clean(root);
    assert_holds(root, "/usr/bin/tool", "tool");
    assert_holds(root, "/etc/issue", "Debian");
    g_autofree char *tmp = debugfs(root, "stat /tmp"); /* base-files decides */
    assert_non_null(strstr(tmp, "Mode:  01777"));
    assert_holds(root, "/var/lib/apt/extended_states",
                 "Package: base-files\nArchitecture: amd64\nAuto-Installed: 1\n\n");
    g_autofree char *features = debugfs(root, "features");
    assert_null(strstr(features, "orphan_file"));
    assert_null(strstr(features, "metadata_csum_seed"));
    if (efi)
        assert_is_fat32(raw);
}

static void makes_an_mbr_disk(void **state)
{
    makes_a_disk(state, FALSE);
}

static void makes_an_efi_disk(void **state)
{
    makes_a_disk(state, TRUE);
}

static void a_disk_that_is_too_small(void **state)
{
    gsize size = 300u << 20;
    g_autoptr(GBytes) zeros = g_bytes_new_take(g_malloc0(size), size);
    const struct member data[] = {{.path = "./"}, {.path = "./large", .data = zeros}, {0}};
    g_autofree char *path = make_deb(*state, "large", "", NULL, data);
    for (guint mib = 10; mib <= 256; mib += 246) {
        g_autoptr(GError) error = NULL;
        assert_false(
            make(*state, mib * MIB, FALSE, (const char *const[]){path, NULL}, NULL, &error));
        assert_error_says(error, INGOT_EXIT_INSTALL,
                          mib == 10 ? "too small" : "do not fit on the disk: no space for large");
        assert_string_equal(ingot_error_hint(error), "raise disk.size in the recipe");
    }
}

static void damaged_and_missing_packages(void **state)
{
    g_autofree char *path = make_deb(*state, "tool", "", NULL, tool), *other = NULL;
    g_autoptr(GError) error = NULL;
    struct stat info;
    assert_refused(state, 512 * MIB, "/does/not/exist_1", INGOT_EXIT_MEDIA, "cannot open");
    assert_false(
        make(*state, 512 * MIB, FALSE, (const char *const[]){path, path, NULL}, NULL, &error));
    assert_error_says(error, INGOT_EXIT_MEDIA, "duplicate package tool");
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(truncate(path, info.st_size - 20), 0);
    assert_refused(state, 512 * MIB, path, INGOT_EXIT_MEDIA, "tool_1.0.deb cannot be unpacked");
}

/* A tar whose first header says that its file is larger than what follows (tar(5)). */
static void lying_sizes(void **state)
{
    static const char *const sizes[] = {"77777777777", "00004000000"};
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(GBytes) honest = tar("", (struct member[]){{.path = "./f", .text = "12"}, {0}});
        gsize length = 0;
        guint8 *bytes = g_bytes_unref_to_data(g_steal_pointer(&honest), &length);
        guint sum = 0;
        memcpy(bytes + 124, sizes[i], 11);
        memset(bytes + 148, ' ', 8);
        for (gsize n = 0; n < 512; n++)
            sum += bytes[n];
        g_snprintf((char *)bytes + 148, 7, "%06o", sum);
        g_autoptr(GBytes) lie = g_bytes_new_take(bytes, length);
        g_autoptr(GBytes) control =
            tar(".gz", (struct member[]){{.path = "control",
                                          .text = "Package: lie\nVersion: 1\nArchitecture: all\n"},
                                         {0}});
        g_autofree char *path = g_build_filename(*state, "lie_1.deb", NULL);
        write_ar(path, (struct member[]){{.path = "debian-binary", .text = "2.0\n"},
                                         {.path = "control.tar.gz", .data = control},
                                         {.path = "data.tar", .data = lie},
                                         {0}});
        assert_refused(state, 512 * MIB, path, i ? INGOT_EXIT_MEDIA : INGOT_EXIT_INSTALL,
                       i ? "cannot be unpacked" : "do not fit");
    }
}

static void a_hundred_thousand_entries(void **state)
{
    enum { N = 100000 };
    g_autofree struct member *data = g_new0(struct member, N + 1);
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < N; i++)
        data[i] = (struct member){.path = g_strdup_printf("./many/%d", i), .text = ""};
    g_autofree char *path = make_deb(*state, "many", "", NULL, data);
    for (int i = 0; i < N; i++)
        g_free((char *)data[i].path);
    gboolean good =
        make(*state, 8192 * MIB, FALSE, (const char *const[]){path, NULL}, NULL, &error);
    assert_no_error(error);
    assert_true(good);
    g_autofree char *raw = raw_of(*state);
    g_autofree char *root = g_strdup_printf("%s?offset=%u", raw, 1u << 20);
    assert_clean(root);
    /* On a smaller disk there are not so many inodes. */
    g_autofree char *image = g_build_filename(*state, "image.qcow2", NULL);
    assert_int_equal(unlink(image), 0);
    assert_refused(state, 300 * MIB, path, INGOT_EXIT_INSTALL, "do not fit on the disk");
}

struct canceller {
    GCancellable *cancel;
    char *raw;
};

/* Cancels when a part of the large file is on the disk. */
static gpointer cancel_in_the_middle(gpointer data)
{
    const struct canceller *c = data;
    struct stat info = {0};
    while (stat(c->raw, &info) != 0 || info.st_blocks < (64 << 20) / 512)
        g_usleep(1000);
    g_cancellable_cancel(c->cancel);
    return NULL;
}

static void a_cancel_leaves_nothing(void **state)
{
    gsize size = 600u << 20;
    g_autoptr(GBytes) zeros = g_bytes_new_take(g_malloc0(size), size);
    const struct member data[] = {{.path = "./"}, {.path = "./large", .data = zeros}, {0}};
    g_autofree char *path = make_deb(*state, "large", "", NULL, data);
    for (int early = 0; early < 2; early++) {
        g_autoptr(GCancellable) cancel = g_cancellable_new();
        g_autoptr(GError) error = NULL;
        g_autofree char *raw = g_build_filename(*state, "work", "rootfs.raw", NULL);
        struct canceller c = {cancel, raw};
        GThread *thread = early ? NULL : g_thread_new("cancel", cancel_in_the_middle, &c);
        if (early)
            g_cancellable_cancel(cancel);
        assert_false(
            make(*state, 2048 * MIB, TRUE, (const char *const[]){path, NULL}, cancel, &error));
        assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
        if (thread)
            g_thread_join(thread);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(makes_an_mbr_disk, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(makes_an_efi_disk, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(a_disk_that_is_too_small, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(damaged_and_missing_packages, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(lying_sizes, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(a_hundred_thousand_entries, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(a_cancel_leaves_nothing, image_setup, image_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
