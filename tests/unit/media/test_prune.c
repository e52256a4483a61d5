/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"

#include "media/clock.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

/* The digest of a text, which is the text of its entry. */
#define HEX(text, hex) digest_bytes(text, strlen(text), hex)

static void set_used(const char *path, gint64 when)
{
    const struct utimbuf times = {.actime = when, .modtime = when};
    assert_int_equal(g_utime(path, &times), 0);
}

/* An entry with the text, used at that time; the caller owns its path. */
static char *landed(const char *dir, const char *text, gint64 used)
{
    char hex[DIGEST_HEX_LEN + 1];
    g_autoptr(GError) error = NULL;
    g_autoptr(media_cache) cache = media_cache_open(dir, NULL, &error);
    assert_no_error(error);
    g_autofree char *file = under(dir, "new");
    assert_true(g_file_set_contents(file, text, -1, NULL));
    HEX(text, hex);
    char *path = media_cache_land(cache, file, hex, &error);
    assert_no_error(error);
    g_autofree char *stamp = g_strconcat(path, ".stat", NULL);
    set_used(stamp, used);
    return path;
}

static gboolean is_there(const char *path)
{
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* A file of media/FOLDER/, of that time; the caller owns its path. */
static char *put(const char *dir, const char *folder, const char *name, gint64 when)
{
    g_autofree char *parent = under(dir, "media", folder);
    char *path = under(parent, name);
    assert_int_equal(g_mkdir_with_parents(parent, 0755), 0);
    assert_true(g_file_set_contents(path, "something", -1, NULL));
    set_used(path, when);
    return path;
}

static GPtrArray *listed(const char *dir)
{
    GPtrArray *list = cached_list_new();
    media_list_cached(dir, list);
    return list;
}

static guint shrink_by(GPtrArray *list, guint64 bytes)
{
    guint64 freed = 0;
    return cached_shrink(list, bytes, 0, &freed);
}

static guint shrink_all(const char *dir)
{
    g_autoptr(GPtrArray) list = listed(dir);
    return shrink_by(list, G_MAXINT64);
}

static char *find(const media_cache *cache, const char *text)
{
    char hex[DIGEST_HEX_LEN + 1];
    g_autoptr(GError) error = NULL;
    HEX(text, hex);
    char *path = media_cache_find(cache, hex, NULL, &error);
    assert_no_error(error);
    return path;
}

/* Finding it is a use, and does not have it read again. */
static void the_last_use_counts(void **state)
{
    g_autofree char *one = landed(*state, "one", 1000), *two = landed(*state, "two", 2000);
    g_autofree char *three = landed(*state, "three", 3000);
    g_autofree char *stamp = g_strconcat(one, ".stat", NULL), *before = NULL, *after = NULL;
    assert_true(g_file_get_contents(stamp, &before, NULL, NULL));
    media_cache *cache = media_cache_open(*state, NULL, NULL);
    g_autofree char *found = find(cache, "one");
    media_cache_free(cache);
    assert_true(g_file_get_contents(stamp, &after, NULL, NULL));
    assert_string_equal(before, after);
    g_autoptr(GPtrArray) list = listed(*state);
    assert_int_equal(list->len, 3);
    assert_int_equal(shrink_by(list, 1), 1);
    assert_true(is_there(one) && !is_there(two) && is_there(three));
    assert_int_equal(shrink_by(list, 1), 1);
    assert_true(is_there(one) && !is_there(three));
}

/* A note that is read is used; that of the clock is no part of what can be had again. */
static void notes_go_but_for_the_clock(void **state)
{
    char key[DIGEST_HEX_LEN + 1], other[DIGEST_HEX_LEN + 1];
    g_autoptr(media_cache) cache = media_cache_open(*state, NULL, NULL);
    g_autoptr(GKeyFile) note = g_key_file_new();
    g_autoptr(GError) error = NULL;
    HEX("a", key);
    HEX("b", other);
    g_key_file_set_string(note, MEDIA_NOTE, "etag", "x");
    assert_true(media_cache_save_note(cache, key, note, NULL));
    assert_true(media_cache_save_note(cache, other, note, NULL));
    assert_true(media_clock_verified(cache, media_clock_released() + 5, NULL, &error));
    g_autofree char *path = media_cache_note_path(cache, key);
    g_autofree char *path2 = media_cache_note_path(cache, other);
    GStatBuf info;
    assert_int_equal(g_stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    set_used(path, 1000);
    set_used(path2, 2000);
    g_key_file_unref(media_cache_note(cache, key));
    g_autoptr(GPtrArray) list = listed(*state);
    assert_int_equal(list->len, 2);
    assert_int_equal(shrink_by(list, 1), 1);
    assert_true(is_there(path) && !is_there(path2));
    assert_int_equal(shrink_all(*state), 1);
    assert_int_equal(media_clock_now(cache, 0, NULL), media_clock_released() + 5);
}

/* Found, landed, or looked for: what a cache that is open has asked for stays. */
static void what_is_in_use_stays(void **state)
{
    g_autofree char *one = landed(*state, "one", 1000), *two = landed(*state, "two", 2000);
    media_cache *cache = media_cache_open(*state, NULL, NULL);
    g_autofree char *found = find(cache, "one");
    assert_null(find(cache, "three"));
    g_autofree char *three = landed(*state, "three", 500);
    assert_int_equal(shrink_all(*state), 1);
    assert_true(is_there(one) && !is_there(two) && is_there(three));
    assert_true(is_there(found));
    media_cache_free(cache);
    assert_int_equal(shrink_all(*state), 2);
    assert_false(is_there(one) || is_there(three));
}

/* Used between listing and removal. */
static void what_was_used_meanwhile_stays(void **state)
{
    g_autofree char *one = landed(*state, "one", 1000);
    g_autoptr(GPtrArray) list = listed(*state);
    media_cache *cache = media_cache_open(*state, NULL, NULL);
    g_free(find(cache, "one"));
    media_cache_free(cache);
    assert_int_equal(shrink_by(list, 1), 0);
    assert_true(is_there(one));
}

/* Another process takes it, and holds it until it is killed. */
static void a_killed_process_lets_go(void **state)
{
    g_autofree char *one = landed(*state, "one", 1000);
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        media_cache *cache = media_cache_open(*state, NULL, NULL);
        char *found = cache ? find(cache, "one") : NULL;
        byte = found ? 'y' : 'n';
        (void)!write(ready[1], &byte, 1);
        for (;;)
            (void)pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    guint while_alive = shrink_all(*state);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(while_alive, 0);
    assert_true(is_there(one));
    assert_int_equal(shrink_all(*state), 1);
    close(ready[0]);
    close(ready[1]);
}

/* Many: one descriptor holds them all. */
static void hundreds_are_held(void **state)
{
    enum { MANY = 2000 };
    g_autoptr(media_cache) cache = media_cache_open(*state, NULL, NULL);
    g_autofree char *one = landed(*state, "1999", 1000);
    for (guint i = 0; i < MANY; i++) {
        g_autofree char *text = g_strdup_printf("%u", i);
        g_free(find(cache, text));
    }
    assert_int_equal(shrink_all(*state), 0);
    assert_true(is_there(one));
}

struct remover {
    const char *dir;
    gint removed, done;
};

static gpointer remove_all_the_time(gpointer data)
{
    struct remover *r = data;
    while (!g_atomic_int_get(&r->done))
        g_atomic_int_add(&r->removed, (gint)shrink_all(r->dir));
    return NULL;
}

/* Whatever is found can be opened, while another process does nothing but remove. */
static void found_is_found(void **state)
{
    enum { EACH = 10 };
    struct remover r = {.dir = *state};
    gint64 limit = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    GThread *thread = g_thread_new("remover", remove_all_the_time, &r);
    guint found = 0;
    gboolean stays = TRUE;
    while (stays && (found < EACH || g_atomic_int_get(&r.removed) < EACH) &&
           g_get_monotonic_time() < limit) {
        g_free(landed(*state, "one", 1000));
        g_autoptr(media_cache) cache = media_cache_open(*state, NULL, NULL);
        g_autofree char *path = find(cache, "one");
        found += path != NULL;
        g_thread_yield();
        stays = !path || is_there(path);
    }
    g_atomic_int_set(&r.done, 1);
    g_thread_join(thread);
    assert_true(stays);
    assert_true(found >= EACH && g_atomic_int_get(&r.removed) >= EACH);
}

/* ---- downloads ---- */

static char *part_name(const char *text, const char *suffix)
{
    char hex[DIGEST_HEX_LEN + 1];
    HEX(text, hex);
    return g_strconcat(hex, suffix, NULL);
}

static void a_download_that_runs_stays(void **state)
{
    g_autoptr(media_cache) cache = media_cache_open(*state, NULL, NULL);
    g_autofree char *key = part_name("p", ""), *name = part_name("p", ".part");
    g_autofree char *from_name = part_name("p", ".part.from");
    g_autofree char *part = put(*state, "partial", name, 1000);
    g_autofree char *from = put(*state, "partial", from_name, 1000);
    int lock = media_cache_lock(cache, key, NULL, NULL);
    assert_int_equal(shrink_all(*state), 0);
    media_clear_dead(*state);
    assert_true(is_there(part) && is_there(from));
    files_unlock(lock);
    assert_int_equal(shrink_all(*state), 1);
    assert_false(is_there(part) || is_there(from));
}

/* ---- what the dead have left ---- */

static void left_overs_go(void **state)
{
    g_autofree char *kept = landed(*state, "one", 1000);
    g_autofree char *kept_name = g_path_get_basename(kept);
    g_autofree char *folder = g_strdup_printf("sha256/%.2s", kept_name);
    static const char *const suffixes[][2] = {{"notes", ".A1b2C3"},
                                              {"partial", ".part"},
                                              {"partial", ".part.from"},
                                              {"partial", ".part.from.A1b2C3"},
                                              {"locks", ""}};
    char *paths[G_N_ELEMENTS(suffixes) + 1] = {0};
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *name = part_name("left", suffixes[i][1]);
        paths[i] = put(*state, suffixes[i][0], name, now - 700000);
    }
    g_autofree char *stamp = g_strdup_printf("%.2s%062d.stat", kept_name, 0);
    paths[G_N_ELEMENTS(suffixes)] = put(*state, folder, stamp, now - 700000);
    g_autofree char *young_name = part_name("young", ".part");
    g_autofree char *young = put(*state, "partial", young_name, now - 100000);
    media_cache *cache = media_cache_open(*state, NULL, NULL);
    media_clear_dead(*state);
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++)
        assert_true(is_there(paths[i])); /* somebody has the cache open */
    media_cache_free(cache);
    media_clear_dead(*state);
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        assert_false(is_there(paths[i]));
        g_free(paths[i]);
    }
    assert_true(is_there(young)); /* it is gone on with */
    g_autofree char *own = g_strconcat(kept, ".stat", NULL);
    assert_true(is_there(kept) && is_there(own));
}

/* Work of dead processes, with a lock as today, and of earlier versions without. */
static void dead_work_goes(void **state)
{
    int lock;
    g_autoptr(media_cache) cache = media_cache_open(*state, NULL, NULL);
    g_autofree char *mine = media_cache_temp_dir(cache, &lock, NULL);
    g_autofree char *dead = put(*state, "tmp/work-killed", "lock", 1000);
    g_autofree char *early = put(*state, "tmp/work-before", "kernel", 1000);
    g_autofree char *other = put(*state, "tmp/a-holiday", "picture", 1000);
    const char *const files[] = {dead, early, other};
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *folder = g_path_get_dirname(files[i]);
        assert_int_equal(g_chmod(folder, 0700), 0);
        set_used(folder, 1000);
    }
    media_clear_dead(*state);
    assert_false(is_there(dead));
    assert_true(is_there(mine) && is_there(early));
    g_clear_pointer(&cache, media_cache_free);
    media_clear_dead(*state);
    assert_true(is_there(mine) && is_there(other));
    assert_false(is_there(early));
    files_unlock(lock);
}

/* ---- a cache that somebody has been in ---- */

static void strange_entries_stay(void **state)
{
    g_autofree char *one = landed(*state, "one", 1000);
    g_autofree char *folder = g_path_get_dirname(one), *key = g_path_get_basename(one);
    g_autofree char *outside = under(*state, "outside"), *inner = under(outside, key);
    g_autofree char *media = under(*state, "media"), *linked = under(media, "sha256", "zz");
    g_autofree char *as_link = g_strdup_printf("%s/%.2s%062d", folder, key, 1);
    g_autofree char *as_dir = g_strdup_printf("%s/%.2s%062d", folder, key, 2);
    g_autofree char *in_dir = under(as_dir, key), *short_name = under(folder, "holiday");
    g_autofree char *twin = under(outside, "twin");
    assert_int_equal(g_mkdir(outside, 0755) | g_mkdir(as_dir, 0755), 0);
    const char *const files[] = {inner, in_dir, short_name};
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        assert_true(g_file_set_contents(files[i], "x", 1, NULL));
        set_used(files[i], 1000);
    }
    assert_int_equal(symlink(outside, linked) | symlink(inner, as_link) | link(one, twin), 0);
    assert_int_equal(shrink_all(*state), 0); /* the one entry has a second name: nothing is freed */
    assert_int_equal(unlink(twin), 0);
    assert_int_equal(shrink_all(*state), 1);
    media_clear_dead(*state);
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++)
        assert_true(is_there(files[i]));
    assert_true(g_file_test(as_link, G_FILE_TEST_IS_SYMLINK));
}

/* media/ itself, or a part of it, leads elsewhere. */
static void links_are_not_followed(void **state)
{
    g_autofree char *one = landed(*state, "one", 1000);
    g_autofree char *name = part_name("left", ".part");
    g_autofree char *part = put(*state, "partial", name, 1000);
    g_autofree char *media = under(*state, "media"), *away = under(*state, "away");
    assert_int_equal(g_rename(media, away), 0);
    assert_int_equal(symlink(away, media), 0);
    assert_int_equal(shrink_all(*state), 0);
    media_clear_dead(*state);
    assert_true(is_there(one) && is_there(part));
    assert_int_equal(unlink(media) | g_rename(away, media), 0);
    g_autofree char *partial = under(media, "partial"), *uses = under(media, "uses");
    assert_int_equal(g_rename(partial, away) | symlink(away, partial), 0);
    assert_int_equal(unlink(uses) | symlink("/no/such", uses), 0);
    media_clear_dead(*state);
    assert_int_equal(shrink_all(*state), 0);
    assert_true(is_there(one) && is_there(part));
}

/* Killed between the stamp and the file, a removal leaves an entry that is read again. */
static void a_killed_removal_leaves_it_usable(void **state)
{
    g_autofree char *one = landed(*state, "one", 1000);
    g_autofree char *stamp = g_strconcat(one, ".stat", NULL);
    g_autoptr(media_cache) cache = media_cache_open(*state, NULL, NULL);
    assert_int_equal(unlink(stamp), 0);
    g_autofree char *found = find(cache, "one");
    assert_string_equal(found, one);
    assert_true(is_there(stamp));
}

static void no_cache_is_no_error(void **state)
{
    g_autofree char *none = under(*state, "none");
    assert_int_equal(shrink_all(none), 0);
    media_clear_dead(none);
    assert_false(is_there(none));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, temp_setup, temp_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(the_last_use_counts),
                                       CASE(notes_go_but_for_the_clock),
                                       CASE(what_is_in_use_stays),
                                       CASE(what_was_used_meanwhile_stays),
                                       CASE(a_killed_process_lets_go),
                                       CASE(hundreds_are_held),
                                       CASE(found_is_found),
                                       CASE(a_download_that_runs_stays),
                                       CASE(left_overs_go),
                                       CASE(dead_work_goes),
                                       CASE(strange_entries_stay),
                                       CASE(links_are_not_followed),
                                       CASE(a_killed_removal_leaves_it_usable),
                                       CASE(no_cache_is_no_error)};
    return cmocka_run_group_tests_name("media/prune", tests, NULL, NULL);
}
