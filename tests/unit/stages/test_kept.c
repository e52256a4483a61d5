/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../folder.h"

#include "base/digest.h"
#include "base/error.h"
#include "install/install.h"
#include "stages/kept.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-kept");
}

/* The key of a letter; owned by the caller. */
static char *key_of(char letter)
{
    char hex[DIGEST_HEX_LEN + 1];
    digest_bytes(&letter, 1, hex);
    return g_strdup(hex);
}

/* The path of LETTER, LETTER.SUFFIX or LETTER/FILE; "." is the directory of all. */
static char *entry(const char *name)
{
    g_autofree char *key = key_of(*name);
    g_autofree char *whole = *name == '.' ? g_strdup(name) : g_strconcat(key, name + 1, NULL);
    return g_build_filename(folder, "stages", "base", whole, NULL);
}

static kept *hold(const char *letter)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *key = key_of(*letter);
    kept *k = kept_hold(folder, &kept_base_disk, key, NULL, &error);
    assert_no_error(error);
    return k;
}

/* Writes its text as the disk; user NULL: writes half of it and fails. */
static gboolean make(const char *disk, GPtrArray *phases, gpointer user, GError **error)
{
    assert_true(g_file_set_contents(disk, user ? user : "half", -1, NULL));
    if (!user)
        return ingot_set_error(error, INGOT_EXIT_INSTALL, NULL, "the guest is gone"), FALSE;
    timeline_phases_add(phases, "configure")->seconds = 12.5;
    return TRUE;
}

static void assert_disk(const kept *k, const char *text)
{
    g_autofree char *have = NULL;
    assert_true(g_file_get_contents(kept_file(k), &have, NULL, NULL));
    assert_string_equal(have, text);
}

static void kept_and_taken(void **state)
{
    (void)state;
    gint64 age = -1;
    char *why = NULL;
    g_autoptr(GError) error = NULL;
    kept *k = hold("a");
    assert_null(kept_load(k, 1000, &age, &why));
    assert_null(why);
    GPtrArray *made = kept_make(k, make, (gpointer) "one", &error);
    assert_no_error(error);
    assert_int_equal(made->len, 1);
    g_ptr_array_unref(made);
    kept_free(k);

    k = hold("a");
    GPtrArray *phases = kept_load(k, 1000, &age, &why);
    assert_non_null(phases);
    assert_null(why);
    assert_true(age >= 0 && age < 100);
    const struct timeline_phase *phase = g_ptr_array_index(phases, 0);
    assert_string_equal(phase->name, "configure");
    assert_true(phase->seconds == 12.5);
    assert_disk(k, "one");
    g_ptr_array_unref(phases);
    kept_free(k);
}

/* A failure leaves the old disk, and nothing of the new one. */
static void failure(void **state)
{
    (void)state;
    gint64 age;
    char *why;
    g_autoptr(GError) error = NULL;
    g_autofree char *making = entry("f.making");
    g_autoptr(kept) k = hold("f");
    assert_null(kept_make(k, make, NULL, &error));
    assert_error_says(error, INGOT_EXIT_INSTALL, "the guest is gone");
    assert_null(kept_load(k, 1000, &age, &why));
    assert_false(g_file_test(making, G_FILE_TEST_EXISTS));
    g_clear_error(&error);
    g_ptr_array_unref(kept_make(k, make, (gpointer) "good", &error));
    assert_null(kept_make(k, make, NULL, &error));
    assert_disk(k, "good");
}

/* A disk without its whole result.json, or with one from the future, is none. */
static void damaged(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "{\"made\": 1",
                                        "[]",
                                        "{\"made\": \"yesterday\"}",
                                        "{\"made\": 99999999999, \"phases\": []}",
                                        "{\"made\": 5, \"phases\": []}"};
    gint64 age;
    char *why;
    g_autoptr(kept) k = hold("d");
    g_ptr_array_unref(kept_make(k, make, (gpointer) "x", NULL));
    g_autofree char *result = entry("d/result.json");
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        assert_true(g_file_set_contents(result, texts[i], -1, NULL));
        assert_null(kept_load(k, 1000, &age, &why));
        g_free(why);
    }
}

/* Who asks for a disk that another build makes waits for it, or for the cancel. */
static void waits(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_autoptr(kept) k = hold("w");
    g_cancellable_cancel(cancel);
    g_autofree char *key = key_of('w');
    assert_null(kept_hold(folder, &kept_base_disk, key, cancel, &error));
    assert_non_null(error);
    g_autoptr(kept) other = hold("o");
    assert_non_null(other);
}

static gboolean is_there(const char *name)
{
    g_autofree char *path = entry(name);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void put(const char *directory, const char *name, const char *text)
{
    g_autofree char *path = entry(directory);
    g_autofree char *file = g_build_filename(path, name, NULL);
    assert_int_equal(g_mkdir_with_parents(path, 0755), 0);
    assert_true(g_file_set_contents(file, text, -1, NULL));
}

/* A disk that lost data in a power cut, or is another, is not taken, and is named. */
static void another_size(void **state)
{
    (void)state;
    gint64 age;
    g_autofree char *why = NULL;
    g_autoptr(kept) k = hold("s");
    g_ptr_array_unref(kept_make(k, make, (gpointer) "whole", NULL));
    put("s", "disk.qcow2", "who");
    assert_null(kept_load(k, 1000, &age, &why));
    assert_non_null(strstr(why, "/disk.qcow2 has 3 bytes, but had 5"));
}

static guint mode_of(const char *name)
{
    struct stat info;
    g_autofree char *path = entry(name);
    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 0777;
}

static void nobody_else_reads(void **state)
{
    (void)state;
    gint64 age;
    char *why = NULL;
    kept *k = hold("p");
    g_ptr_array_unref(kept_make(k, make, (gpointer) "secret", NULL));
    static const char *const files[] = {"p/disk.qcow2", "p/result.json"};
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++)
        assert_int_equal(mode_of(files[i]), 0600);
    assert_int_equal(mode_of("p"), 0700);
    g_autofree char *disk = entry("p/disk.qcow2"), *parent = entry(".");
    kept_free(k);
    assert_int_equal(chmod(disk, 0644) | chmod(parent, 0755), 0); /* an earlier version's */
    k = hold("p");
    g_ptr_array_unref(kept_load(k, 1000, &age, &why));
    assert_int_equal(mode_of("p/disk.qcow2"), 0600);
    assert_int_equal(mode_of("."), 0700);
    kept_free(k);
}

static guint prune(guint max_age)
{
    guint64 bytes;
    return kept_prune(folder, max_age, &bytes);
}

/* Makes a disk and asks, while it is unfinished, for everything to be removed. */
static gboolean make_while_pruning(const char *disk, GPtrArray *phases, gpointer user,
                                   GError **error)
{
    assert_true(make(disk, phases, user, error));
    prune(0);
    assert_true(g_file_test(disk, G_FILE_TEST_EXISTS));
    return TRUE;
}

static void prune_spares_what_is_held(void **state)
{
    (void)state;
    kept *k = hold("h");
    g_ptr_array_unref(kept_make(k, make_while_pruning, (gpointer) "mine", NULL));
    prune(0);
    assert_disk(k, "mine");
    kept_free(k);
    assert_true(prune(0) >= 1);
    assert_false(is_there("h"));
    assert_false(is_there("h.lock"));
}

/* Whatever a dead build has left goes, young or old, and so does what guards nothing. */
static void prune_clears_after_the_dead(void **state)
{
    (void)state;
    put("x.making", "disk.qcow2", "half");
    put("x", "disk.qcow2", "whole");
    put(".", "y.lock", "");
    put(".", "z.making.lock", "");
    prune(1000);
    assert_true(is_there("x"));
    static const char *const gone[] = {"x.making", "y.lock", "z.lock", "z.making.lock"};
    for (gsize i = 0; i < G_N_ELEMENTS(gone); i++)
        assert_false(is_there(gone[i]));
}

/* Died between the two renames of a replacement. */
static void earlier_comes_back(void **state)
{
    (void)state;
    put("e.earlier", "disk.qcow2", "old");
    put("e.making", "disk.qcow2", "new");
    g_autoptr(kept) k = hold("e");
    assert_disk(k, "old");
    assert_false(is_there("e.earlier") || is_there("e.making"));
}

static GPtrArray *listed(void)
{
    GPtrArray *list = cached_list_new();
    kept_list_cached(folder, list);
    return list;
}

/* Removes what is listed, to the last byte; returns how many go. */
static guint shrink(GPtrArray *list)
{
    guint64 freed = 0;
    return cached_shrink(list, G_MAXINT64, 0, &freed);
}

static gboolean set_used(const char *name, gint64 when)
{
    g_autofree char *path = entry(name);
    const struct utimbuf times = {.actime = when, .modtime = when};
    return utime(path, &times) == 0;
}

/* The lock of a key says when it was last used; without one, the disk when it was made. */
static void listed_by_use(void **state)
{
    (void)state;
    prune(0);
    put("a", "disk.qcow2", "made late, used early");
    put(".", "nothing", "");
    kept_free(hold("b"));
    put("b", "disk.qcow2", "made early, used late");
    assert_true(set_used("a", 1000) && set_used("b", 500) && set_used("b.lock", 2000));
    g_autoptr(GPtrArray) list = listed();
    assert_int_equal(list->len, 2);
    g_autofree char *first = entry("a");
    for (guint i = 0; i < list->len; i++) {
        const cached *c = g_ptr_array_index(list, i);
        gint64 want = strcmp(c->path, first) == 0 ? 1000 : 2000;
        assert_int_equal(c->used, want * G_USEC_PER_SEC);
    }
    prune(G_MAXUINT); /* looking at it is no use of it */
    assert_true(is_there("a"));
    assert_false(is_there("a.lock"));
    assert_int_equal(shrink(list), 2);
    assert_false(is_there("a") || is_there("b") || is_there("b.lock") || is_there("a.making"));
}

/* A build that holds it, or has used it since it was listed, keeps it. */
static void held_or_used_stays(void **state)
{
    (void)state;
    prune(0);
    kept *k = hold("h");
    g_ptr_array_unref(kept_make(k, make, (gpointer) "mine", NULL));
    assert_true(set_used("h.lock", 1000));
    g_autoptr(GPtrArray) list = listed();
    assert_int_equal(shrink(list), 0);
    assert_disk(k, "mine");
    kept_free(k);
    kept_free(hold("h"));
    assert_int_equal(shrink(list), 0);
    assert_true(is_there("h"));
    g_autoptr(GPtrArray) again = listed();
    assert_int_equal(shrink(again), 1);
}

/* An installed disk lies on its base by a second name of that: the older base goes after it, and at
 * once then. */
static void a_base_goes_after_its_overlay(void **state)
{
    (void)state;
    prune(0);
    static const char *const keys[] = {"b", "i", "n"};
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        put(keys[i], "disk.qcow2", "a disk");
        assert_true(set_used(keys[i], 1000 + 1000 * (gint64)i));
    }
    g_autofree char *base = entry("b/disk.qcow2"), *under = entry("i/base.qcow2");
    assert_int_equal(link(base, under), 0);
    assert_true(set_used("i", 2000));
    g_autoptr(GPtrArray) list = listed();
    g_autofree char *overlay = entry("i");
    guint64 freed = 0, one = files_usage_alone(overlay);
    assert_int_equal(cached_shrink(list, one + 1, 0, &freed), 2);
    assert_true(!is_there("i") && !is_there("b") && is_there("n"));
}

static void an_overlay_keeps_its_base(void **state)
{
    (void)state;
    prune(0);
    kept *base = hold("b"), *system = hold("i");
    g_ptr_array_unref(kept_make(base, make, (gpointer) "below", NULL));
    g_ptr_array_unref(kept_make(system, make, (gpointer) "above", NULL));
    g_autofree char *under = entry("i/base.qcow2"), *text = NULL;
    assert_int_equal(link(kept_file(base), under), 0);
    kept_free(base); /* as in a build: only what is installed is held to the end */
    g_autoptr(GPtrArray) list = listed();
    assert_int_equal(shrink(list), 0);
    assert_true(is_there("b/disk.qcow2"));
    prune(0); /* by age it goes: the other name is enough */
    assert_false(is_there("b"));
    assert_true(g_file_get_contents(under, &text, NULL, NULL));
    assert_string_equal(text, "below");
    kept_free(system);
}

/* Killed between the rename and the end of the removal: nothing half is taken. */
static void a_killed_removal_leaves_no_disk(void **state)
{
    (void)state;
    gint64 age;
    char *why = NULL;
    put("k.making", "result.json", "{}");
    g_autoptr(kept) k = hold("k");
    assert_null(kept_load(k, 1000, &age, &why));
    assert_false(is_there("k") || is_there("k.making"));
}

/* What has no name of a key, and what links lead to, is not ours. */
static void strange_entries_stay(void **state)
{
    (void)state;
    g_autofree char *outside = g_build_filename(folder, "outside", NULL);
    g_autofree char *file = g_build_filename(outside, "disk.qcow2", NULL);
    g_autofree char *stranger = g_build_filename(folder, "stages", "base", "holiday", NULL);
    g_autofree char *picture = g_build_filename(stranger, "disk.qcow2", NULL);
    g_autofree char *kind = g_build_filename(folder, "stages", "linked", NULL);
    g_autofree char *key = entry("l"), *inside = NULL, *name = key_of('m');
    prune(0);
    inside = g_build_filename(outside, name, NULL);
    assert_int_equal(g_mkdir_with_parents(stranger, 0755) | g_mkdir_with_parents(inside, 0755), 0);
    assert_true(g_file_set_contents(file, "x", 1, NULL));
    assert_true(g_file_set_contents(picture, "x", 1, NULL));
    assert_int_equal(symlink(outside, key) | symlink(outside, kind), 0);
    g_autoptr(GPtrArray) list = listed();
    assert_int_equal(list->len, 0);
    prune(0);
    assert_true(g_file_test(file, G_FILE_TEST_EXISTS) && g_file_test(inside, G_FILE_TEST_IS_DIR));
    assert_true(g_file_test(picture, G_FILE_TEST_EXISTS));
    assert_int_equal(unlink(kind), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(kept_and_taken),
                                       cmocka_unit_test(failure),
                                       cmocka_unit_test(damaged),
                                       cmocka_unit_test(waits),
                                       cmocka_unit_test(another_size),
                                       cmocka_unit_test(nobody_else_reads),
                                       cmocka_unit_test(prune_spares_what_is_held),
                                       cmocka_unit_test(prune_clears_after_the_dead),
                                       cmocka_unit_test(earlier_comes_back),
                                       cmocka_unit_test(listed_by_use),
                                       cmocka_unit_test(held_or_used_stays),
                                       cmocka_unit_test(a_base_goes_after_its_overlay),
                                       cmocka_unit_test(an_overlay_keeps_its_base),
                                       cmocka_unit_test(a_killed_removal_leaves_no_disk),
                                       cmocka_unit_test(strange_entries_stay)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
