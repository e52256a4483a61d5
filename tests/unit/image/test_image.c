/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "images.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-image");
}

static void names_other_files(void **state)
{
    (void)state;
    g_autofree char *victim = at("victim");
    assert_true(g_file_set_contents(victim, "precious", -1, NULL));
    make_image("fs.qcow2", "1");
    g_autofree char *both =
        g_strdup_printf("data_file=%s.raw,backing_file=fs.qcow2,backing_fmt=qcow2", victim);
    QEMU_IMG("create", "-q", "-f", "qcow2", "-o", both, "evil.qcow2", "64M");
    assert_refused("evil.qcow2", IMAGE_PLAIN, "keeps its data in another file");
    assert_refused("evil.qcow2", IMAGE_TRUST_CHAIN, "victim.raw");
    QEMU_IMG("create", "-q", "-f", "qcow2", "-b", victim, "-F", "raw", "leak.qcow2");
    assert_refused("leak.qcow2", IMAGE_PLAIN, "/victim");
    QEMU_IMG("create", "-q", "-u", "-f", "qcow2", "-b", "nbd:localhost:1", "-F", "raw", "net.qcow2",
             "1M");
    assert_refused("net.qcow2", IMAGE_TRUST_CHAIN, "nbd:localhost:1");
    QEMU_IMG("create", "-q", "-u", "-f", "qcow2", "-b", "fs.qcow2", "-F", "vmdk", "odd.qcow2",
             "1M");
    assert_refused("odd.qcow2", IMAGE_TRUST_CHAIN, "vmdk");
}

static void no_images(void **state)
{
    (void)state;
    g_autofree char *fifo = at("fifo"), *text = at("text"), *inner = at("inner");
    assert_true(g_file_set_contents(text, "QFI", -1, NULL));
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(g_mkdir(inner, 0700), 0);
    assert_refused("fifo", IMAGE_PLAIN, "is not a qcow2 image");
    assert_refused("text", IMAGE_LOCK, "is not a qcow2 image");
    assert_refused("inner", IMAGE_PLAIN, "is not a qcow2 image");
    assert_refused("nowhere", IMAGE_LOCK, "No such file");
}

/* A chain on purpose, with a relative name, below our overlay. */
static void trusted_chain(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    make_image("base.qcow2", "3");
    QEMU_IMG("create", "-q", "-f", "qcow2", "-b", "base.qcow2", "-F", "qcow2", "top.qcow2");
    g_autoptr(image_file) i = open_image("top.qcow2", IMAGE_TRUST_CHAIN);
    g_autofree char *overlay = image_scratch(i, "o.qcow2");
    assert_true(image_overlay(i, overlay, 0, NULL, &error));
    assert_holds(overlay, "3");
}

/* What was looked at is what is opened: not another file that takes its path, and no backing file
 * that is written into the header afterwards. */
static void changed_after_the_look(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    make_image("good.qcow2", "5");
    make_image("other.qcow2", "6");
    g_autofree char *good = at("good.qcow2"), *other = at("other.qcow2");
    g_autoptr(image_file) i = open_image("good.qcow2", IMAGE_PLAIN);
    g_autofree char *overlay = image_scratch(i, "o.qcow2");
    assert_int_equal(rename(other, good), 0);
    assert_true(image_overlay(i, overlay, 0, NULL, &error));
    assert_holds(overlay, "5");

    make_image("secret.qcow2", "7");
    QEMU_IMG("create", "-q", "-f", "qcow2", "empty.qcow2", "4M");
    g_autoptr(image_file) e = open_image("empty.qcow2", IMAGE_PLAIN);
    g_autofree char *above = image_scratch(e, "o.qcow2");
    assert_true(image_overlay(e, above, 0, NULL, &error));
    QEMU_IMG("rebase", "-u", "-f", "qcow2", "-b", "secret.qcow2", "-F", "qcow2", "empty.qcow2");
    assert_holds(above, "0");
}

/* QEMU would read it, whatever the overlay says. */
static void data_file_after_the_look(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    make_image("sound.qcow2", "5");
    g_autoptr(image_file) i = open_image("sound.qcow2", IMAGE_PLAIN);
    assert_true(image_check_same(i, &error));
    g_autofree char *overlay = image_scratch(i, "o.qcow2");
    assert_true(image_overlay(i, overlay, 0, NULL, &error));
    QEMU_IO("-c", "read 0 64k", overlay);
    assert_true(image_check_same(i, &error)); /* reading is no change */
    g_autofree char *secret = at("secret.raw");
    g_autofree char *option = g_strdup_printf("data_file=%s,data_file_raw=on", secret);
    QEMU_IMG("create", "-q", "-f", "qcow2", "-o", option, "sound.qcow2", "4M");
    assert_false(image_check_same(i, &error));
    assert_error_says(error, INGOT_EXIT_SEAL, "was changed by another program");
    g_autoptr(image_file) own = image_own("nowhere.qcow2");
    g_clear_error(&error);
    assert_true(image_check_same(own, &error));
}

/* What a build has written as raw is the backing file of its clones as raw. */
static void own_of_another_format(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *raw = at("own.raw"), *overlay = at("own-raw.qcow2");
    QEMU_IMG("create", "-q", "-f", "raw", "own.raw", "4M");
    QEMU_IO("-f", "raw", "-c", "write -P 7 1M 64k", raw);
    g_autoptr(image_file) own = image_own_as(raw, "raw");
    assert_true(image_overlay(own, overlay, 8 << 20, NULL, &error));
    assert_no_error(error);
    QEMU_IO("-f", "qcow2", "-c", "read -P 7 1M 64k", overlay);
    QEMU_IO("-f", "qcow2", "-c", "read -P 0 5M 64k", overlay);
}

static image_file *open_as(const char *name, const char *format, enum image_flags flags,
                           GError **error)
{
    g_autofree char *path = at(name), *parent = at("scratch");
    return image_open_as(path, format, flags, parent, error);
}

/* A raw image is never found to be another: one that begins as a qcow2 image, with names in it, is
 * refused, and opened as what somebody says that it is, which is all of its bytes. */
static void raw_that_begins_as_qcow2(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *victim = at("raw-victim"), *path = at("guest.raw");
    assert_true(g_file_set_contents(victim, "precious", -1, NULL));
    QEMU_IMG("create", "-q", "-f", "qcow2", "-b", victim, "-F", "raw", "guest.raw", "64M");
    assert_null(open_as("guest.raw", "raw", IMAGE_PLAIN, &error));
    assert_error_says(error, INGOT_EXIT_SEAL, "begins as a qcow2 image");
    assert_non_null(strstr(ingot_error_hint(error), "--image-format raw"));
    g_clear_error(&error);
    g_autoptr(image_file) i = open_as("guest.raw", "raw", IMAGE_SURE, &error);
    assert_no_error(error);
    g_autofree char *overlay = image_scratch(i, "o.qcow2");
    assert_true(image_overlay(i, overlay, 0, NULL, &error));
    assert_true(image_check_same(i, &error));
    g_autofree char *bytes = NULL, *size = NULL, *info = NULL;
    gsize length;
    assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    const char *const argv[] = {"qemu-img", "info", "--output=json", overlay, NULL};
    assert_true(spawn_run(argv, NULL, &info, &error));
    size = g_strdup_printf("\"virtual-size\": %zu", (length + 511) / 512 * 512);
    assert_non_null(strstr(info, size));
    QEMU_IO("-c", "read -P 0x51 0 1", overlay); /* "Q" */
}

/* Its bytes, whatever they are; the name of another format changes nothing. */
static void raw_as_somebody_says(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    QEMU_IMG("create", "-q", "-f", "raw", "plain.raw", "4M");
    QEMU_IO("-f", "raw", "-c", "write -P 7 1M 64k", "plain.raw");
    assert_refused("plain.raw", IMAGE_SURE, "is no qcow2 image");
    g_autoptr(image_file) i = open_as("plain.raw", "raw", IMAGE_PLAIN, &error);
    assert_no_error(error);
    g_autofree char *overlay = image_scratch(i, "o.qcow2");
    assert_true(image_overlay(i, overlay, 0, NULL, &error));
    assert_holds(overlay, "0");
    QEMU_IO("-c", "read -P 7 1M 64k", overlay);
    assert_null(open_as("plain.raw", "vmdk", IMAGE_SURE, &error));
    assert_error_says(error, INGOT_EXIT_SEAL, "has a format that ingot does not open");
}

/* The same changes over another file: the rest is what that file holds. */
static void overlay_of_two_files(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *qcow2 = at("two.qcow2"), *raw = at("two.raw");
    g_autofree char *first = at("two-a.qcow2"), *second = at("two-b.qcow2");
    make_image("two.qcow2", "1");
    QEMU_IMG("create", "-q", "-f", "raw", "two.raw", "4M");
    QEMU_IO("-f", "raw", "-c", "write -P 9 0 128k", "two.raw");
    g_autoptr(image_file) a = image_own(qcow2), b = image_own_as(raw, "raw");
    assert_true(image_overlay(a, first, 8 << 20, NULL, &error));
    QEMU_IO("-c", "write -P 5 0 64k", first);
    assert_true(image_overlay_again(b, first, second, NULL, &error));
    assert_no_error(error);
    QEMU_IO("-c", "read -P 5 0 64k", "-c", "read -P 0 64k 64k", first);
    QEMU_IO("-c", "read -P 5 0 64k", "-c", "read -P 9 64k 64k", "-c", "read -P 0 7M 64k", second);
    assert_false(image_overlay_again(b, first, second, NULL, &error)); /* is there already */
}

static void scratch_goes(void **state)
{
    (void)state;
    make_image("x.qcow2", "1");
    image_file *i = open_image("x.qcow2", IMAGE_PLAIN);
    g_autofree char *file = image_scratch(i, "o.qcow2"), *dir = g_path_get_dirname(file);
    struct stat info;
    assert_int_equal(stat(dir, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    image_close(i);
    assert_int_not_equal(stat(dir, &info), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_other_files),
                                       cmocka_unit_test(no_images),
                                       cmocka_unit_test(trusted_chain),
                                       cmocka_unit_test(changed_after_the_look),
                                       cmocka_unit_test(data_file_after_the_look),
                                       cmocka_unit_test(own_of_another_format),
                                       cmocka_unit_test(raw_that_begins_as_qcow2),
                                       cmocka_unit_test(raw_as_somebody_says),
                                       cmocka_unit_test(overlay_of_two_files),
                                       cmocka_unit_test(scratch_goes)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
