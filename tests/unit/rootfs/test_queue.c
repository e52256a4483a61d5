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
        if (threads % 2 == 0)
            rootfs_queue_overflow(q, *state);
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

/* ---- packages that wait for each other ---- */

#define LATE_SIZE (8u << 20)

/* "first" comes when all of "second" has been taken from here. */
struct late {
    gsize given;
    char letter;
    char block[64 << 10];
};

static struct {
    GMutex mutex;
    GCond changed;
    gboolean second_is_through;
} latch; /* a format has no data of its own */

static gpointer late_open(const char *path, const char *name, gpointer *head, GError **error)
{
    (void)name;
    (void)error;
    struct late *l = g_new0(struct late, 1);
    l->letter = *path;
    memset(l->block, l->letter, sizeof l->block);
    *head = l;
    return l;
}

static void late_close(gpointer package)
{
    (void)package; /* is its own head */
}

static gsize late_head_size(gconstpointer head)
{
    (void)head;
    return 1;
}

static void wait_for_second(void)
{
    gint64 end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    g_mutex_lock(&latch.mutex);
    while (!latch.second_is_through && g_cond_wait_until(&latch.changed, &latch.mutex, end))
        continue;
    g_mutex_unlock(&latch.mutex);
}

static gssize late_data(gpointer package, const void **block, GError **error)
{
    struct late *l = package;
    (void)error;
    if (l->letter == 'f' && l->given == 0)
        wait_for_second();
    if (l->given == LATE_SIZE && l->letter == 's') {
        g_mutex_lock(&latch.mutex);
        latch.second_is_through = TRUE;
        g_cond_broadcast(&latch.changed);
        g_mutex_unlock(&latch.mutex);
    }
    if (l->given == LATE_SIZE)
        return 0;
    l->given += sizeof l->block;
    *block = l->block;
    return sizeof l->block;
}

static const struct media_format late_format = {.open = late_open,
                                                .data = late_data,
                                                .close = late_close,
                                                .head_size = late_head_size,
                                                .head_free = g_free,
                                                .archive = archive_read_support_format_raw};

static void assert_letters(rootfs_queue *q, char letter)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *content = g_malloc(LATE_SIZE);
    struct archive_entry *entry;
    gconstpointer head;
    assert_true(rootfs_queue_next(q, &head, NULL, &error));
    struct archive *a = rootfs_queue_open(q, &error);
    assert_int_equal(archive_read_next_header(a, &entry), ARCHIVE_OK);
    assert_int_equal(archive_read_data(a, content, LATE_SIZE), LATE_SIZE);
    for (gsize i = 0; i < LATE_SIZE; i++)
        if (content[i] != letter)
            fail_msg("byte %zu is %d", i, content[i]);
    assert_true(rootfs_queue_finish(q, a, archive_read_next_header(a, &entry), &error));
    archive_read_free(a);
}

/* A later package goes on, beyond the budget, while the first one is waited for. */
static void what_is_over_the_budget_goes_to_a_file(void **state)
{
    const char *const paths[] = {"first", "second"};
    latch.second_is_through = FALSE;
    g_autoptr(rootfs_queue) q = rootfs_queue_new(&late_format, paths, 2, 2, 1u << 20);
    rootfs_queue_overflow(q, *state);
    assert_letters(q, 'f');
    assert_true(latch.second_is_through); /* before the first, which else has waited in vain */
    assert_letters(q, 's');
    g_autoptr(GDir) left = g_dir_open(*state, 0, NULL);
    assert_null(g_dir_read_name(left));
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
        cmocka_unit_test_setup_teardown(what_is_over_the_budget_goes_to_a_file, image_setup,
                                        image_teardown),
        cmocka_unit_test_setup_teardown(a_cancel_is_noticed_inside_a_package, image_setup,
                                        image_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
