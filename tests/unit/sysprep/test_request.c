/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../folder.h"

#include "base/error.h"
#include "sysprep/sysprep.h"

#include <string.h>

/* From what somebody asks to what is put into an image. */

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBxFjH0mW6hW8V0h4m0cYk3l9n1Q2v0bXn3H8v1m2a3b a@b"

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-request");
}

static char *put(const char *name, const char *text, gssize length)
{
    char *path = g_build_filename(folder, name, NULL);
    assert_true(g_file_set_contents(path, text, length, NULL));
    return path;
}

static customisation *ask(struct sysprep_request request, secrets *hidden, GError **error)
{
    request.name = "image.qcow2";
    request.cache_dir = folder;
    return customisation_new(&request, hidden, error);
}

static void nothing(void **state)
{
    (void)state;
    g_autoptr(secrets) hidden = secrets_new();
    g_autoptr(customisation) c = ask((struct sysprep_request){NULL}, hidden, NULL);
    assert_non_null(c);
    assert_null(customisation_spec(c));
}

static void everything(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(secrets) hidden = secrets_new();
    g_autofree char *keys = put("keys.pub", "# mine\n" KEY "\n", -1);
    g_autofree char *key = g_strconcat("bob:", keys, NULL);
    g_autofree char *copy = g_strconcat(folder, "/keys.pub:/opt", NULL);
    const char *const ssh_keys[] = {key, NULL}, *const copies[] = {copy, NULL};
    const char *const scripts[] = {keys, NULL};
    g_autoptr(customisation) c = ask((struct sysprep_request){.root_password = "locked",
                                                              .hostname = "web.example",
                                                              .packages = "vim,less",
                                                              .ssh_keys = ssh_keys,
                                                              .copies = copies,
                                                              .scripts = scripts},
                                     hidden, &error);
    assert_no_error(error);
    const struct sysprep_customise *spec = customisation_spec(c);
    assert_string_equal(spec->root_hash, "!");
    assert_string_equal(spec->hostname, "web.example");
    assert_string_equal(spec->packages[1], "less");
    assert_string_equal(spec->keys[0].user, "bob");
    assert_non_null(strstr(spec->keys[0].keys, KEY));
    assert_null(spec->keys[1].user);
    assert_string_equal(spec->copies[0].local, keys);
    assert_string_equal(spec->copies[0].directory, "/opt");
    assert_null(spec->copies[1].local);
    assert_string_equal(spec->scripts[0], keys);
}

/* The first line of a file, or a variable; neither it nor its hashes are seen again. */
static void passwords(void **state)
{
    static const char *const environment[] = {"WORD=correct-horse", NULL};
    (void)state;
    g_autofree char *path = put("password", "correct-horse\r\nsecond line\n", -1);
    g_autofree char *file = g_strconcat("file:", path, NULL);
    const char *const sources[] = {file, "env:WORD"};
    g_autofree char *first = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(sources); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(secrets) hidden = secrets_new();
        secrets_read_from(hidden, environment);
        g_autoptr(customisation) c =
            ask((struct sysprep_request){.root_password = sources[i]}, hidden, &error);
        assert_no_error(error);
        const struct sysprep_customise *spec = customisation_spec(c);
        assert_true(g_str_has_prefix(spec->root_hash, "$y$"));
        assert_true(g_str_has_prefix(spec->root_hash_old, "$6$"));
        g_autofree char *text = g_strconcat("correct-horse ", spec->root_hash, " ",
                                            spec->root_hash_old, " second line", NULL);
        g_autofree char *masked = secrets_redact(hidden, text);
        assert_string_equal(masked, "<secret> <secret> <secret> second line");
        if (first)
            assert_string_equal(first, spec->root_hash); /* the same password, the same hash */
        g_free(first);
        first = g_strdup(spec->root_hash);
    }
}

static void refused(void **state)
{
    g_autofree char *private_key = put("key", "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n", -1);
    g_autofree char *none = put("none.pub", "# no key\n", -1);
    g_autofree char *nul = put("nul", "a\0b", 3), *empty = put("empty", "\n", -1);
    g_autofree char *from_nul = g_strconcat("file:", nul, NULL);
    g_autofree char *from_empty = g_strconcat("file:", empty, NULL);
    g_autofree char *secret_key = g_strconcat("bob:", private_key, NULL);
    g_autofree char *no_key = g_strconcat("bob:", none, NULL);
#define LIST(text)                                                                                 \
    (const char *const[])                                                                          \
    {                                                                                              \
        text, NULL                                                                                 \
    }
    const struct {
        struct sysprep_request request;
        const char *says;
    } cases[] = {
        {{.root_password = "hunter2"}, "--root-password does not say where"},
        {{.root_password = "env:INGOT_NO_SUCH"}, "there is no variable: 'INGOT_NO_SUCH'"},
        {{.root_password = "file:/no/such"}, "--root-password: "},
        {{.root_password = from_nul}, "the file contains a NUL byte"},
        {{.root_password = from_empty}, "the password is empty"},
        {{.hostname = "-x"}, "--hostname"},
        {{.hostname = "a_b"}, "--hostname"},
        {{.hostname = "a\n"}, "--hostname"},
        {{.packages = "vim,a;b"}, "--install: this is no package name: 'a;b'"},
        {{.packages = "-y"}, "'-y'"},
        {{.ssh_keys = LIST("bob")}, "--ssh-key is not understood"},
        {{.ssh_keys = LIST(":x")}, "--ssh-key is not understood"},
        {{.ssh_keys = LIST("bob:/no/such")}, "--ssh-key: "},
        {{.ssh_keys = LIST(secret_key)}, "this is a private key"},
        {{.ssh_keys = LIST(no_key)}, "there is no key in"},
        {{.copies = LIST("/etc:relative")}, "--copy-in is not understood"},
        {{.copies = LIST("/no/such:/x")}, "--copy-in: cannot read"},
        {{.scripts = LIST("/etc")}, "--run: this is no file that can be read"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(secrets) hidden = secrets_new();
        assert_null(ask(cases[i].request, hidden, &error));
        assert_error_says(error, INGOT_EXIT_USAGE, cases[i].says);
        assert_null(strstr(error->message, "hunter2"));
        assert_non_null(ingot_error_hint(error));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing), cmocka_unit_test(everything),
                                       cmocka_unit_test(passwords), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
