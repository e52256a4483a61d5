/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../folder.h"

#include "base/error.h"
#include "base/files.h"
#include "base/spawn.h"
#include "vm/vm.h"

#include <glib/gstdio.h>
#include <string.h>

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot, disk");
}

static void need_qemu_img(void)
{
    g_autofree char *path = g_find_program_in_path("qemu-img");
    if (path)
        return;
    print_message("# skipped: qemu-img is not on this host\n");
    skip();
}

static char *info(const char *path)
{
    const char *argv[] = {"qemu-img", "info", "--output=json", path, NULL};
    char *text = NULL;
    assert_true(spawn_run(argv, NULL, &text, NULL));
    return text;
}

/* The directory has a comma and a space in its name. */
static void empty_and_overlay(void **state)
{
    (void)state;
    need_qemu_img();
    g_autoptr(GError) error = NULL;
    g_autofree char *base = g_build_filename(folder, "base,x=1.qcow2", NULL);
    g_autofree char *top = g_build_filename(folder, "top.qcow2", NULL);
    gboolean made = vm_disk_create(base, G_GUINT64_CONSTANT(8) << 30, NULL, NULL, &error);
    assert_no_error(error);
    assert_true(made);
    made = vm_disk_create(top, 0, base, NULL, &error);
    assert_no_error(error);
    assert_true(made);
    g_autofree char *text = info(top);
    assert_non_null(strstr(text, "\"virtual-size\": 8589934592"));
    /* Beside each other they can be moved together; else the whole path is needed. */
    assert_non_null(strstr(text, "\"backing-filename\": \"base,x=1.qcow2\""));
    g_autofree char *inner = g_build_filename(folder, "inner", NULL);
    g_autofree char *other = g_build_filename(inner, "top.qcow2", NULL);
    g_autofree char *whole = g_strdup_printf("\"backing-filename\": \"%s\"", base);
    assert_int_equal(g_mkdir(inner, 0700), 0);
    made = vm_disk_create(other, 0, base, NULL, &error);
    assert_no_error(error);
    assert_true(made);
    g_autofree char *far = info(other);
    assert_non_null(strstr(far, whole));
}

/* The bytes of a raw disk are a guest's: whatever they look like, they are read as what was said.
 */
static void overlay_of_another_format(void **state)
{
    (void)state;
    need_qemu_img();
    g_autoptr(GError) error = NULL;
    g_autofree char *inner = g_build_filename(folder, "inner.qcow2", NULL);
    g_autofree char *raw = g_build_filename(folder, "a,b.raw", NULL);
    g_autofree char *top = g_build_filename(folder, "on-raw.qcow2", NULL);
    g_autofree char *bytes = NULL, *back = g_build_filename(folder, "back", NULL), *read = NULL;
    gsize length = 0, read_length = 0;
    assert_true(vm_disk_create(inner, 1 << 20, NULL, NULL, &error));
    assert_true(g_file_get_contents(inner, &bytes, &length, NULL));
    assert_true(g_file_set_contents(raw, bytes, (gssize)length, NULL));
    const struct vm_backing backing = {raw, "raw"};
    assert_true(vm_disk_overlay(top, 0, &backing, NULL, &error));
    assert_no_error(error);
    g_autofree char *text = info(top);
    assert_non_null(strstr(text, "\"backing-filename-format\": \"raw\""));
    const char *const argv[] = {"qemu-img", "convert", "-f", "qcow2", "-O", "raw", top, back, NULL};
    assert_true(spawn_run(argv, NULL, NULL, &error));
    assert_true(g_file_get_contents(back, &read, &read_length, NULL));
    assert_true(read_length >= length);
    assert_memory_equal(read, bytes, length);
}

static void refused(void **state)
{
    (void)state;
    need_qemu_img();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(folder, "no.qcow2", NULL);
    assert_false(vm_disk_create(path, 0, NULL, NULL, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "cannot be a disk of 0 bytes");
    g_clear_error(&error);
    assert_false(vm_disk_create(path, G_MAXUINT64, NULL, NULL, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "cannot be a disk");
    g_clear_error(&error);
    assert_false(vm_disk_create("/nonexistent/x.qcow2", 1 << 20, NULL, NULL, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "/nonexistent/x.qcow2");
    g_clear_error(&error);
    assert_false(vm_disk_create(path, 0, "/nonexistent/base.qcow2", NULL, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "/nonexistent/base.qcow2");
}

static void cancelled(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_cancellable_cancel(cancel);
    assert_false(vm_disk_create("/nonexistent/x", 1 << 20, NULL, cancel, &error));
    assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(empty_and_overlay),
                                       cmocka_unit_test(overlay_of_another_format),
                                       cmocka_unit_test(refused), cmocka_unit_test(cancelled)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
