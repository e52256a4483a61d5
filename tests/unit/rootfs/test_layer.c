/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree_support.h"

#include "rootfs/layer.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <sys/stat.h>

static char *layer_path(const char *name)
{
    return g_build_filename(trees_folder(), name, NULL);
}

static struct layer save(tree *t, gboolean changes, const char *path)
{
    struct layer layer;
    g_autoptr(GError) error = NULL;
    gboolean good = layer_save(t, changes, path, &layer, &error);
    assert_no_error(error);
    assert_true(good);
    return layer;
}

static void put(tree *t, const char *first, const char *second)
{
    const char *const paths[] = {first, second, NULL};
    g_autoptr(GError) error = NULL;
    gboolean good = layer_put(t, paths, &error);
    assert_no_error(error);
    assert_true(good);
}

static void mark(tree *t)
{
    g_autoptr(GError) error = NULL;
    gboolean good = tree_mark(t, &error);
    assert_no_error(error);
    assert_true(good);
}

static void assert_same_trees(tree *a, tree *b)
{
    g_autoptr(GBytes) one = tree_sent(a, "/", NULL), other = tree_sent(b, "/", NULL);
    gsize size;
    const void *data = g_bytes_get_data(one, &size);
    assert_int_equal(g_bytes_get_size(other), size);
    assert_memory_equal(g_bytes_get_data(other, NULL), data, size);
}

/* Changes a tree by a script; its layer on top of the tree as it was gives the same. */
static struct layer assert_changes(const char *before, const char *after)
{
    g_autofree char *base = layer_path("base"), *top = layer_path("top");
    g_autoptr(tree) t = tree_new();
    tree_shell(t, before);
    (void)save(t, FALSE, base);
    mark(t);
    tree_shell(t, after);
    struct layer changes = save(t, TRUE, top);
    g_autoptr(tree) copy = tree_new();
    put(copy, base, top);
    assert_same_trees(t, copy);
    return changes;
}

static void the_same_tree_gives_the_same_file(void **state)
{
    (void)state;
    g_autofree char *path = layer_path("one"), *other = layer_path("other");
    g_autoptr(tree) t = tree_new();
    tree_shell(t,
               "mkdir -p a/b && head -c 9000000 /dev/zero | tr '\\0' 'x' >a/b/c && ln a/b/c d && "
               "head -c 5000000 /bin/sh >e; seq 1 300000 >f");
    struct layer first = save(t, FALSE, path), second = save(t, FALSE, other);
    assert_string_equal(first.sha256, second.sha256);
    char hex[DIGEST_HEX_LEN + 1];
    guint64 size;
    g_autoptr(GError) error = NULL;
    assert_true(digest_file(path, hex, &size, NULL, &error));
    assert_string_equal(hex, first.sha256);
    assert_int_equal(size, first.size);
    assert_true(first.unpacked > 9000000);
    g_autoptr(tree) copy = tree_new();
    put(copy, path, NULL);
    struct layer third = save(copy, FALSE, other);
    assert_string_equal(first.sha256, third.sha256);
}

static void nothing_changed_is_nothing(void **state)
{
    (void)state;
    struct layer none = assert_changes("mkdir -p a/b && echo 1 >a/b/c && ln a/b/c d", ":");
    assert_int_equal(none.unpacked, 1024); /* the end of an archive */
}

struct change {
    const char *before, *after;
};

/* Each in a directory of its own, all in one tree: a sandbox takes its time. */
static void assert_each_change(const struct change *changes)
{
    g_autoptr(GString) before = g_string_new(NULL), after = g_string_new(NULL);
    for (guint i = 0; changes[i].before; i++) {
        g_string_append_printf(before, "mkdir case%u && cd case%u && { %s; } && cd .. || exit 1\n",
                               i, i, changes[i].before);
        g_string_append_printf(after, "cd case%u && { %s; } && cd .. || exit 1\n", i,
                               changes[i].after);
    }
    (void)assert_changes(before->str, after->str);
}

static void changes_of_every_kind(void **state)
{
    (void)state;
    static const struct change changes[] = {
        {"mkdir a && echo 1 >a/f && touch -d 2001-01-01 a .", "echo 2 >a/f"},
        {"mkdir a && echo 1 >a/f && touch -d 2001-01-01 a .",
         "printf 2 | dd of=a/f conv=notrunc 2>/dev/null"},
        {"mkdir -p a/b && echo 1 >a/b/f", "chmod 600 a/b/f; chown 5:6 a"},
        {"mkdir -p a/b && echo 1 >a/b/f", "rm -r a && echo 2 >a"},
        {"echo 1 >a", "rm a && mkdir -p a/b && echo 2 >a/b/f"},
        {"mkdir -p a/b && echo 1 >a/b/f", "rm -r a && mkdir a && echo 1 >a/g"},
        {"mkdir -p a/b && echo 1 >a/b/f && echo 1 >z", "mv a c"},
        {"mkdir -p a/b c && echo 1 >a/b/f && echo 2 >c/f", "mv a t; mv c a; mv t c"},
        {"ln -s 1 a; ln -s 1 b", "ln -sfn 2 a; rm b; mkdir b"},
        {"mkdir a.b a ab && touch a/1 a.b/2 ab/3", "rm -r a.b a/1"},
        {"mkdir a", "mkfifo a/fifo"},
        {NULL, NULL}};
    assert_each_change(changes);
}

static void hard_links_change_with_all_their_names(void **state)
{
    (void)state;
    static const char three[] = "mkdir d && echo 1 >a && ln a b && ln a d/c";
    static const struct change changes[] = {{three, "echo 2 >>d/c"},
                                            {three, "rm a"},
                                            {three, "rm b d/c"},
                                            {three, "ln a d/d"},
                                            {three, "cp -p b n && mv n b"},
                                            /* The file itself does not change. */
                                            {three, "mv d e"},
                                            {"mkdir d && echo 1 >z && ln z d/c", "mv d e"},
                                            {NULL, NULL}};
    assert_each_change(changes);
}

/* ---- a random tree ---- */

#define STEPS  30u /* at most, in one of … */
#define GROUPS 8u  /* … so many directories */

/* Of few names, so that steps meet. */
static void random_step(GRand *rand, GString *script)
{
    static const char *const verbs[] = {"mkdir -p %s",
                                        "rm -rf %s",
                                        "[ -p %1$s ] || echo %2$d >%1$s",
                                        "[ -p %1$s ] || echo %2$d >>%1$s",
                                        "mv -T %1$s %3$s",
                                        "ln -T %1$s %3$s",
                                        "ln -sfT %1$s %3$s",
                                        "chmod 7%2$d5 %1$s",
                                        "chown %2$d %1$s",
                                        "mkfifo %s",
                                        "cp -aT %1$s %3$s",
                                        "touch -d 200%2$d-01-01 %1$s"};
    char paths[2][32];
    for (gsize i = 0; i < 2; i++) {
        char *at = paths[i];
        gint depth = g_rand_int_range(rand, 1, 5);
        for (gint d = 0; d < depth; d++)
            at += g_snprintf(at, 8, "%s%c", d ? "/" : "", 'a' + g_rand_int_range(rand, 0, 3));
    }
    const char *verb = verbs[g_rand_int_range(rand, 0, G_N_ELEMENTS(verbs))];
    g_auto(GStrv) parts = g_strsplit(verb, "%", -1);
    int digit = g_rand_int_range(rand, 0, 8);
    g_string_append(script, parts[0]);
    for (char **part = parts + 1; *part; part++) {
        if (**part == 's' || **part == '1')
            g_string_append(script, paths[0]);
        else if (**part == '3')
            g_string_append(script, paths[1]);
        else
            g_string_append_printf(script, "%d", digit);
        g_string_append(script, *part + (**part == 's' ? 1 : 3));
    }
    g_string_append(script, "\n");
}

static char *random_script(GRand *rand)
{
    GString *script = g_string_new("exec 2>/dev/null\n"); /* many steps fail */
    for (guint i = 0; i < GROUPS; i++) {
        g_string_append_printf(script, "mkdir -p %u && cd %u || exit 1\n", i, i);
        for (guint n = (guint)g_rand_int_range(rand, 0, STEPS); n; n--)
            random_step(rand, script);
        g_string_append(script, "cd ..\n");
    }
    return g_string_free(script, FALSE);
}

static void random_changes_on_top_of_a_random_tree(void **state)
{
    (void)state;
    const char *given = g_getenv("INGOT_TEST_SEED"), *more = g_getenv("INGOT_TEST_ROUNDS");
    guint32 seed = given ? (guint32)g_ascii_strtoull(given, NULL, 10) : g_random_int();
    for (guint i = 0; i < (more ? (guint)g_ascii_strtoull(more, NULL, 10) : 1); i++) {
        print_message("# INGOT_TEST_SEED=%u\n", seed + i);
        g_autoptr(GRand) rand = g_rand_new_with_seed(seed + i);
        g_autofree char *before = random_script(rand), *after = random_script(rand);
        assert_changes(before, after);
    }
}

/* ---- errors ---- */

static void names_of_whiteouts_are_refused(void **state)
{
    (void)state;
    g_autofree char *path = layer_path("refused");
    g_autoptr(tree) t = tree_new();
    g_autoptr(GError) error = NULL;
    tree_shell(t, "mkdir d && touch d/.wh.x");
    assert_false(layer_save(t, FALSE, path, NULL, &error));
    assert_string_equal(error->message,
                        "./d/.wh.x: a layer cannot hold a name that begins with .wh.");
    g_clear_error(&error);
    assert_false(layer_save(t, TRUE, path, NULL, &error));
    assert_int_equal(tree_errno(error), EINVAL); /* there is no mark */
    assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_autofree char *temporary = g_strconcat(path, ".making", NULL);
    assert_false(g_file_test(temporary, G_FILE_TEST_EXISTS));
}

static void damaged_layers_are_refused(void **state)
{
    (void)state;
    g_autofree char *path = layer_path("cut"), *text = NULL;
    const char *const paths[] = {path, NULL};
    gsize size;
    g_autoptr(tree) t = tree_new();
    g_autoptr(GError) error = NULL;
    tree_shell(t, "head -c 3000000 /dev/urandom >large");
    (void)save(t, FALSE, path);
    assert_true(g_file_get_contents(path, &text, &size, NULL));
    assert_true(g_file_set_contents(path, text, (gssize)size / 2, NULL));
    assert_false(layer_put(t, paths, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "cannot read the layer ");
    g_clear_error(&error);
    assert_int_equal(remove(path), 0);
    assert_false(layer_put(t, paths, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "cannot read the layer ");
}

/* The receiver gives up while more than a pipe holds is to come. */
static void what_cannot_be_put_is_an_error(void **state)
{
    (void)state;
    g_autofree char *path = layer_path("noise"), *big = g_strnfill(9 << 20, 'x');
    const char *const paths[] = {path, NULL};
    g_autoptr(tree) t = tree_new();
    g_autoptr(GError) error = NULL;
    struct archive *a = archive_write_new();
    struct archive_entry *e = archive_entry_new();
    archive_write_add_filter_zstd(a);
    archive_write_set_format_raw(a);
    archive_entry_set_filetype(e, AE_IFREG);
    assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
    assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
    assert_int_equal(archive_write_data(a, big, 9 << 20), 9 << 20);
    archive_entry_free(e);
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    assert_false(layer_put(t, paths, &error));
    assert_non_null(strstr(error->message, "noise: the archive: "));
}

static void a_file_that_cannot_be_written_is_the_hosts_fault(void **state)
{
    (void)state;
    g_autoptr(tree) t = tree_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = layer_path("none/such");
    assert_false(layer_save(t, FALSE, path, NULL, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "cannot write ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_tree_gives_the_same_file),
        cmocka_unit_test(nothing_changed_is_nothing),
        cmocka_unit_test(changes_of_every_kind),
        cmocka_unit_test(hard_links_change_with_all_their_names),
        cmocka_unit_test(random_changes_on_top_of_a_random_tree),
        cmocka_unit_test(names_of_whiteouts_are_refused),
        cmocka_unit_test(damaged_layers_are_refused),
        cmocka_unit_test(what_cannot_be_put_is_an_error),
        cmocka_unit_test(a_file_that_cannot_be_written_is_the_hosts_fault),
    };
    if (trees_begin("layer") != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, trees_end);
}
