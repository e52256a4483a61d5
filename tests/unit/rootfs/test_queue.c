/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"

#include "debian/debian.h"
#include "rootfs/queue.h"

static const struct member some[] = {{.path = "./"}, {.path = "./file", .text = "hello"}, {0}};

static gsize drain(rootfs_queue *q, GCancellable *cancel, GError **error)
{
    gsize total = 0;
    struct archive_entry *entry;
    gconstpointer head;
    if (!rootfs_queue_next(q, &head, cancel, error))
        return 0;
    struct archive *a = rootfs_queue_open(q, error);
    int code = ARCHIVE_FATAL;
    while (a && (code = archive_read_next_header(a, &entry)) == ARCHIVE_OK)
        total += (gsize)archive_entry_size(entry);
    gboolean good = a && rootfs_queue_finish(q, a, code, error);
    archive_read_free(a);
    return good ? total : 0;
}

static char *large_deb(const char *dir, const char *name, gsize size)
{
    g_autoptr(GBytes) zeros = g_bytes_new_take(g_malloc0(size), size);
    const struct member data[] = {{.path = "./"}, {.path = "./large", .data = zeros}, {0}};
    return make_deb(dir, name, "", NULL, data);
}

/* Packages that are larger than what may be held flow through, in order, whatever the threads. */
static void the_queue_keeps_to_its_budget(void **state)
{
    g_autofree char *a = large_deb(*state, "a", 20u << 20), *b = large_deb(*state, "b", 9u << 20),
                    *c = make_deb(*state, "c", "", NULL, some);
    const char *const paths[] = {c, a, b, c, a, c, b, c};
    const gsize sizes[] = {5, 20u << 20, 9u << 20, 5, 20u << 20, 5, 9u << 20, 5};
    for (guint threads = 1; threads <= 4; threads++) {
        g_autoptr(rootfs_queue) q =
            rootfs_queue_new(&deb_format, paths, G_N_ELEMENTS(paths), threads, 1u << 20);
        for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
            g_autoptr(GError) error = NULL;
            assert_int_equal(drain(q, NULL, &error), sizes[i]);
            assert_no_error(error);
            assert_string_equal(rootfs_queue_path(q), paths[i]);
        }
    }
}

static void the_queue_can_be_left_at_any_time(void **state)
{
    g_autofree char *a = large_deb(*state, "a", 20u << 20);
    g_autofree char *missing = g_build_filename(*state, "missing.deb", NULL);
    const char *const paths[] = {a, a, missing, a};
    for (guint n = 0; n < 4; n++) {
        g_autoptr(rootfs_queue) q =
            rootfs_queue_new(&deb_format, paths, G_N_ELEMENTS(paths), 2, 1u << 20);
        for (guint i = 0; i < n; i++) {
            g_autoptr(GError) error = NULL;
            assert_true((drain(q, NULL, &error) != 0) == (i != 2));
            assert_true((error != NULL) == (i == 2));
        }
    }
}

static void a_cancel_is_noticed_inside_a_package(void **state)
{
    g_autofree char *a = large_deb(*state, "a", 20u << 20);
    const char *const paths[] = {a};
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(rootfs_queue) q = rootfs_queue_new(&deb_format, paths, 1, 1, 1u << 20);
    struct archive_entry *entry;
    gconstpointer head;
    assert_true(rootfs_queue_next(q, &head, cancel, &error));
    struct archive *archive = rootfs_queue_open(q, &error);
    assert_int_equal(archive_read_next_header(archive, &entry), ARCHIVE_OK);
    g_cancellable_cancel(cancel);
    int code = ARCHIVE_OK;
    while (code == ARCHIVE_OK)
        code = archive_read_next_header(archive, &entry);
    assert_false(rootfs_queue_finish(q, archive, code, &error));
    assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    archive_read_free(archive);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_queue_keeps_to_its_budget, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(the_queue_can_be_left_at_any_time, image_setup,
                                        image_teardown),
        cmocka_unit_test_setup_teardown(a_cancel_is_noticed_inside_a_package, image_setup,
                                        image_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
