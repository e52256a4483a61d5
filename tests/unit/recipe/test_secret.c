/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "base/files.h"
#include "recipe/internal.h"

#include <glib/gstdio.h>
#include <string.h>

#define HEAD "name: web\nfamily: debian\nrelease: trixie\n"

struct setting {
    char *dir, *path; /* a folder, and the recipe in it */
    secrets *hidden;
    recipe_problems *problems;
};

static int set_up(void **state)
{
    struct setting *s = g_new0(struct setting, 1);
    s->dir = files_temp_dir(g_get_tmp_dir(), "ingot-test", NULL);
    s->path = g_build_filename(s->dir, "r.yaml", NULL);
    s->hidden = secrets_new();
    s->problems = recipe_problems_new();
    g_setenv("INGOT_TEST_A", "alpha-value", TRUE);
    g_setenv("INGOT_TEST_EMPTY", "", TRUE);
    g_setenv("INGOT_TEST_BYTES", "abc\xff", TRUE);
    *state = s;
    return s->dir ? 0 : -1;
}

static int tear_down(void **state)
{
    struct setting *s = *state;
    files_remove_tree(s->dir);
    g_free(s->dir);
    g_free(s->path);
    secrets_free(s->hidden);
    recipe_problems_free(s->problems);
    g_free(s);
    return 0;
}

static struct recipe *parse(struct setting *s, const char *tail, gboolean resolve)
{
    g_autofree char *text = g_strconcat(HEAD, tail, NULL);
    g_autoptr(GError) error = NULL;
    struct recipe *r =
        recipe_parse(s->path, text, strlen(text), resolve, s->hidden, s->problems, &error);
    assert_no_error(error);
    return r;
}

static void write_file(const struct setting *s, const char *name, const char *data, gssize length)
{
    g_autofree char *path = g_build_filename(s->dir, name, NULL);
    assert_true(g_file_set_contents(path, data, length, NULL));
}

static void assert_hidden(const struct setting *s, const char *value)
{
    g_autofree char *shown = secrets_redact(s->hidden, value);
    assert_string_equal(shown, "<secret>");
}

static void assert_problem(const struct setting *s, const char *says)
{
    g_autoptr(GError) error = NULL;
    assert_int_equal(recipe_problems_count(s->problems), 1);
    assert_false(recipe_problems_report(s->problems, &error));
    if (!strstr(error->message, says))
        fail_msg("'%s' does not say '%s'", error->message, says);
}

static void literal(void **state)
{
    struct setting *s = *state;
    g_autoptr(recipe) r = parse(s, "root:\n  password: hunter2$x${y}\n", TRUE);
    assert_string_equal(r->root.password, "hunter2$x${y}");
    assert_hidden(s, "hunter2$x${y}");
}

static void environment(void **state)
{
    struct setting *s = *state;
    g_autoptr(recipe) r =
        parse(s, "root: {password: '${env:INGOT_TEST_A}${env:INGOT_TEST_A}!'}\n", TRUE);
    assert_int_equal(recipe_problems_count(s->problems), 0);
    assert_string_equal(r->root.password, "alpha-valuealpha-value!");
    assert_hidden(s, "alpha-valuealpha-value!");
    assert_hidden(s, "alpha-value");
}

static void in_scripts(void **state)
{
    struct setting *s = *state;
    g_autoptr(recipe) r = parse(s,
                                "extra: |\n  d-i a/b string ${env:INGOT_TEST_A}\n"
                                "late_command: echo $HOME ${HOME} ${env:INGOT_TEST_A} file:x\n",
                                TRUE);
    assert_string_equal(r->extra, "d-i a/b string alpha-value\n");
    assert_string_equal(r->late_command, "echo $HOME ${HOME} alpha-value file:x");
    g_autofree char *shown = secrets_redact(s->hidden, r->extra);
    assert_string_equal(shown, "d-i a/b string <secret>\n");
}

static void files(void **state)
{
    struct setting *s = *state;
    write_file(s, "pw", "from a file\n", -1);
    g_autofree char *absolute = g_strdup_printf(
        "root: {password: file:pw}\nusers: [{name: a, password: 'file:%s/pw'}]\n", s->dir);
    g_autoptr(recipe) r = parse(s, absolute, TRUE);
    assert_int_equal(recipe_problems_count(s->problems), 0);
    assert_string_equal(r->root.password, "from a file");
    const struct recipe_user *user = g_ptr_array_index(r->users, 0);
    assert_string_equal(user->password, "from a file");
    assert_hidden(s, "from a file");
}

static void unread(void **state)
{
    struct setting *s = *state;
    g_autoptr(recipe) r = parse(s,
                                "root: {password: file:no-such}\n"
                                "users: [{name: a, password_hash: '${env:INGOT_TEST_NO}'},\n"
                                "        {name: b, password: 'ab${env:INGOT_TEST_NO}'},\n"
                                "        {name: c, password: plain text}]\n"
                                "extra: a ${env:INGOT_TEST_NO} b\n",
                                FALSE);
    const struct recipe_user *a = g_ptr_array_index(r->users, 0);
    const struct recipe_user *b = g_ptr_array_index(r->users, 1);
    const struct recipe_user *c = g_ptr_array_index(r->users, 2);
    assert_int_equal(recipe_problems_count(s->problems), 0);
    assert_string_equal(r->root.password, "<secret>");
    assert_string_equal(a->password_hash, "<secret>");
    assert_string_equal(b->password, "<secret>");
    assert_string_equal(c->password, "plain text");
    assert_string_equal(r->extra, "a <secret> b");
}

struct failing {
    const char *value, *says;
};

static void failures(void **state)
{
    struct setting *s = *state;
    static const struct failing cases[] = {
        {"'${env:INGOT_TEST_NO}'", "the environment variable INGOT_TEST_NO is not set"},
        {"'${env:INGOT_TEST_EMPTY}'", "the environment variable INGOT_TEST_EMPTY is empty"},
        {"'${env:INGOT_TEST_BYTES}'", "INGOT_TEST_BYTES is not UTF-8"},
        {"'${env:1A}'", "is not a variable name"},
        {"'${env:INGOT_TEST_A'", "is not a variable name"},
        {"file:no-such", "there is no file"},
        {"file:.", "is not a regular file"},
        {"'file:'", "is not a regular file"},
        {"file:nul", "the file contains a NUL byte"},
        {"file:large", "larger than"},
        {"file:two-lines", "expected a password"},
        {"file:short", "expected a password"},
        {"file:empty", "expected a password"},
        {"file:bytes", "expected a password"},
    };
    g_autofree char *large = g_strnfill(70000, 'x');
    write_file(s, "nul", "abcd\0efgh", 9);
    write_file(s, "large", large, -1);
    write_file(s, "two-lines", "hunter2\nhunter3\n", -1);
    write_file(s, "short", "abc\n", -1);
    write_file(s, "empty", "", 0);
    write_file(s, "bytes", "abcd\xff\n", -1);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *tail = g_strdup_printf("root:\n  password: %s\n", cases[i].value);
        g_autoptr(recipe) r = parse(s, tail, TRUE);
        assert_null(r->root.password);
        assert_problem(s, cases[i].says);
        recipe_problems_free(s->problems);
        s->problems = recipe_problems_new();
    }
}

/* No message shows what a secret is. */
static void not_told(void **state)
{
    struct setting *s = *state;
    write_file(s, "two-lines", "hunter2\nhunter3\n", -1);
    g_autoptr(recipe) r =
        parse(s, "root: {password: file:two-lines, password_hash: hunter4}\n", TRUE);
    g_autoptr(GError) error = NULL;
    assert_null(r->root.password);
    assert_false(recipe_problems_report(s->problems, &error));
    assert_null(strstr(error->message, "hunter"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(literal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(environment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(in_scripts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unread, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failures, set_up, tear_down),
        cmocka_unit_test_setup_teardown(not_told, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
