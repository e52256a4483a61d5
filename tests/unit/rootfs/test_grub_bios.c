/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"

#include "rootfs/grub_bios.h"

#define SECTOR 512
#define END    (64 * SECTOR) /* of the space before the partition */

/* Compared once with a disk that grub-bios-setup --no-rs-codes of GRUB 2.06 had written: equal.
 * Here each byte says where it comes from: 'B' boot.img, 'C' core.img, 'D' the disk. */

static GBytes *bytes_of(char fill, gsize size)
{
    guint8 *data = g_malloc(size);
    memset(data, fill, size);
    return g_bytes_new_take(data, size);
}

static GBytes *boot_image(void)
{
    guint8 *data = g_malloc(SECTOR);
    memset(data, 'B', SECTOR);
    data[510] = 0x55;
    data[511] = 0xaa;
    return g_bytes_new_take(data, SECTOR);
}

/* DIR/disk: END bytes and a sector of the partition. */
static char *new_disk(const char *dir)
{
    g_autofree char *data = g_strnfill(END + SECTOR, 'D');
    char *path = g_build_filename(dir, "disk", NULL);
    assert_true(g_file_set_contents(path, data, END + SECTOR, NULL));
    return path;
}

static guint8 *contents(const char *path)
{
    char *data = NULL;
    gsize size = 0;
    assert_true(g_file_get_contents(path, &data, &size, NULL));
    assert_int_equal(size, END + SECTOR);
    return (guint8 *)data;
}

static void assert_all(const guint8 *data, gsize from, gsize to, int value)
{
    for (gsize i = from; i < to; i++)
        if (data[i] != value)
            fail_msg("byte 0x%zx is 0x%02x and not 0x%02x", i, data[i], value);
}

static void embed(const char *path, GBytes *core)
{
    g_autoptr(GBytes) boot = boot_image();
    g_autoptr(GError) error = NULL;
    gboolean good = grub_bios_embed(path, boot, core, END, &error);
    assert_no_error(error);
    assert_true(good);
}

static void assert_boot_sector(const guint8 *disk)
{
    assert_all(disk, 0x00, 0x03, 'B');
    assert_all(disk, 0x03, 0x5a, 'D'); /* of a FAT: kept */
    assert_all(disk, 0x5a, 0x5c, 'B');
    assert_memory_equal(disk + 0x5c, "\1\0\0\0\0\0\0\0", 8); /* core.img is in sector 1 */
    assert_all(disk, 0x64, 0x65, 0xff);
    assert_all(disk, 0x65, 0x66, 'B');
    assert_all(disk, 0x66, 0x68, 0x90);
    assert_all(disk, 0x68, 0x1b8, 'B');
    assert_all(disk, 0x1b8, 0x1fe, 'D'); /* signature and partitions: kept */
    assert_memory_equal(disk + 0x1fe, "\x55\xaa", 2);
}

static void every_byte_is_in_its_place(void **state)
{
    g_autofree char *path = new_disk(*state);
    g_autoptr(GBytes) core = bytes_of('C', 3 * SECTOR + 7);
    embed(path, core);
    g_autofree guint8 *disk = contents(path);
    assert_boot_sector(disk);
    const guint8 *first = disk + SECTOR;
    assert_all(first, 0, 0x1f4, 'C');
    /* From sector 2 three more, to segment 0x820. */
    assert_memory_equal(first + 0x1f4, "\2\0\0\0\0\0\0\0\3\0\x20\x08", 12);
    assert_all(first, SECTOR, 3 * SECTOR + 7, 'C');
    assert_all(first, 3 * SECTOR + 7, 4 * SECTOR, 0);
    assert_all(disk, 5 * SECTOR, END + SECTOR, 'D');
}

static void it_may_reach_the_partition(void **state)
{
    g_autofree char *path = new_disk(*state);
    g_autoptr(GBytes) core = bytes_of('C', END - SECTOR);
    embed(path, core);
    g_autofree guint8 *disk = contents(path);
    assert_all(disk, 2 * SECTOR, END, 'C');
    assert_all(disk, END, END + SECTOR, 'D');
}

static void assert_not_embedded(const char *path, GBytes *boot, GBytes *core, guint64 end,
                                const char *says)
{
    g_autoptr(GError) error = NULL;
    assert_false(grub_bios_embed(path, boot, core, end, &error));
    assert_error_says(error, INGOT_EXIT_INSTALL, says);
    g_autofree guint8 *disk = contents(path);
    assert_all(disk, 0, END + SECTOR, 'D');
}

static void other_files_are_refused(void **state)
{
    g_autofree char *path = new_disk(*state);
    g_autoptr(GBytes) boot = boot_image(), core = bytes_of('C', 2 * SECTOR);
    g_autoptr(GBytes) longer = bytes_of('B', SECTOR + 1), unsigned_one = bytes_of('B', SECTOR);
    g_autoptr(GBytes) none = g_bytes_new(NULL, 0), tiny = bytes_of('C', SECTOR);
    g_autoptr(GBytes) wide = bytes_of('C', END - SECTOR + 1), huge = bytes_of('C', 480 << 10);
    assert_not_embedded(path, longer, core, END, "boot.img is not a boot sector");
    assert_not_embedded(path, unsigned_one, core, END, "boot.img is not a boot sector");
    assert_not_embedded(path, none, core, END, "boot.img is not a boot sector");
    assert_not_embedded(path, boot, none, END, "core.img is too small");
    assert_not_embedded(path, boot, tiny, END, "core.img is too small");
    assert_not_embedded(path, boot, wide, END, "core.img is too large");
    assert_not_embedded(path, boot, huge, 1 << 20, "core.img is too large");
}

static void a_disk_that_is_not_there(void **state)
{
    g_autoptr(GBytes) boot = boot_image(), core = bytes_of('C', 2 * SECTOR);
    g_autofree char *path = g_build_filename(*state, "none", NULL);
    g_autoptr(GError) error = NULL;
    assert_false(grub_bios_embed(path, boot, core, END, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "cannot write the boot loader");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_byte_is_in_its_place, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(it_may_reach_the_partition, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(other_files_are_refused, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(a_disk_that_is_not_there, image_setup, image_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
