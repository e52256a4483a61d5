/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"

#include <glib/gstdio.h>
#include <unistd.h>
#include <utime.h>

static const char text[] = "forty-two bytes of something worth keeping";

/* A file with the text, landed; *sha256 gets its digest. */
static char *landed(media_cache *cache, const char *dir, char sha256[65])
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = under(dir, "new");
    assert_true(g_file_set_contents(file, text, -1, NULL));
    digest_bytes(text, strlen(text), sha256);
    char *path = media_cache_land(cache, file, sha256, &error);
    assert_no_error(error);
    assert_false(g_file_test(file, G_FILE_TEST_EXISTS));
    return path;
}

static void lands_and_is_found(void **state)
{
    char sha256[65];
    g_autoptr(GError) error = NULL;
    g_autoptr(media_cache) cache = media_cache_open(*state, NULL, &error);
    assert_no_error(error);
    g_autofree char *path = landed(cache, *state, sha256);
    g_autofree char *upper = g_ascii_strup(sha256, -1);
    g_autofree char *found = media_cache_find(cache, upper, NULL, &error);
    assert_string_equal(found, path);
    GStatBuf info;
    assert_int_equal(g_stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0444);
    assert_int_equal(cache_entries(*state), 1);
    memset(sha256, 'a', 64);
    assert_null(media_cache_find(cache, sha256, NULL, &error));
    assert_no_error(error);
}

static void overwrite(const char *path, char byte)
{
    GStatBuf info;
    assert_int_equal(g_stat(path, &info), 0);
    assert_int_equal(g_chmod(path, 0644), 0);
    FILE *f = g_fopen(path, "r+");
    assert_non_null(f);
    assert_int_equal(fputc(byte, f), byte);
    assert_int_equal(fclose(f), 0);
    struct utimbuf times = {.actime = info.st_atime, .modtime = info.st_mtime};
    assert_int_equal(g_utime(path, &times), 0);
}

/* Size and modification time are as before: only reading it tells. */
static void damage_is_noticed(void **state)
{
    char sha256[65];
    g_autoptr(GError) error = NULL;
    g_autoptr(media_cache) cache = media_cache_open(*state, NULL, NULL);
    g_autofree char *path = landed(cache, *state, sha256);
    overwrite(path, 'F');
    assert_null(media_cache_find(cache, sha256, NULL, &error));
    assert_no_error(error);
    assert_int_equal(cache_entries(*state), 0);
}

static void what_was_only_touched_is_kept(void **state)
{
    char sha256[65];
    g_autoptr(GError) error = NULL;
    g_autoptr(media_cache) cache = media_cache_open(*state, NULL, NULL);
    g_autofree char *path = landed(cache, *state, sha256);
    g_autofree char *stat_file = g_strconcat(path, ".stat", NULL);
    g_autofree char *before = NULL, *after = NULL;
    assert_true(g_file_get_contents(stat_file, &before, NULL, NULL));
    overwrite(path, 'f');
    g_autofree char *found = media_cache_find(cache, sha256, NULL, &error);
    assert_non_null(found);
    assert_true(g_file_get_contents(stat_file, &after, NULL, NULL));
    assert_string_not_equal(before, after);
}

static void a_link_is_no_entry(void **state)
{
    char sha256[65];
    g_autoptr(media_cache) cache = media_cache_open(*state, NULL, NULL);
    g_autofree char *path = landed(cache, *state, sha256);
    g_autofree char *other = under(*state, "other");
    assert_int_equal(g_rename(path, other), 0);
    assert_int_equal(symlink(other, path), 0);
    assert_null(media_cache_find(cache, sha256, NULL, NULL));
    assert_true(g_file_test(other, G_FILE_TEST_EXISTS));
    assert_false(g_file_test(path, G_FILE_TEST_IS_SYMLINK));
}

static void a_check_can_be_cancelled(void **state)
{
    char sha256[65];
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_autoptr(media_cache) cache = media_cache_open(*state, NULL, NULL);
    g_autofree char *path = landed(cache, *state, sha256);
    overwrite(path, 'f');
    g_cancellable_cancel(cancel);
    assert_null(media_cache_find(cache, sha256, cancel, &error));
    assert_error_says(error, INGOT_EXIT_INTERRUPTED, "");
    assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
}

static void landing_what_is_not_there_fails(void **state)
{
    char sha256[65];
    g_autoptr(GError) error = NULL;
    g_autoptr(media_cache) cache = media_cache_open(*state, NULL, NULL);
    g_autofree char *file = under(*state, "none");
    memset(sha256, 'a', 64);
    sha256[64] = '\0';
    assert_null(media_cache_land(cache, file, sha256, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "none");
    assert_int_equal(cache_entries(*state), 0);
}

static void notes_come_back(void **state)
{
    char key[65], other[65];
    g_autoptr(GError) error = NULL;
    g_autoptr(media_cache) cache = media_cache_open(*state, NULL, NULL);
    g_autoptr(GKeyFile) note = g_key_file_new();
    media_key(key, "url", "http://mirror.test/a");
    media_key(other, "url", "http://mirror.test/", "a");
    assert_string_not_equal(key, other);
    g_key_file_set_string(note, MEDIA_NOTE, "etag", "\"a\nb\t[media]\"");
    assert_true(media_cache_save_note(cache, key, note, &error));
    g_autoptr(GKeyFile) back = media_cache_note(cache, key);
    g_autofree char *etag = g_key_file_get_string(back, MEDIA_NOTE, "etag", NULL);
    assert_string_equal(etag, "\"a\nb\t[media]\"");
    assert_null(media_cache_note(cache, other));
    g_autofree char *path = under(*state, "media", "notes", other);
    assert_true(g_file_set_contents(path, "no key file\0\xff", 14, NULL));
    assert_null(media_cache_note(cache, other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lands_and_is_found, temp_setup, temp_teardown),
        cmocka_unit_test_setup_teardown(damage_is_noticed, temp_setup, temp_teardown),
        cmocka_unit_test_setup_teardown(what_was_only_touched_is_kept, temp_setup, temp_teardown),
        cmocka_unit_test_setup_teardown(a_link_is_no_entry, temp_setup, temp_teardown),
        cmocka_unit_test_setup_teardown(a_check_can_be_cancelled, temp_setup, temp_teardown),
        cmocka_unit_test_setup_teardown(landing_what_is_not_there_fails, temp_setup, temp_teardown),
        cmocka_unit_test_setup_teardown(notes_come_back, temp_setup, temp_teardown),
    };
    return cmocka_run_group_tests_name("media/cache", tests, NULL, NULL);
}
