/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "recipe/internal.h"

#include <string.h>

#define KEY "AAAAC3NzaC1lZDI1NTE5AAAAIEwlGzUwFlYFPa3nN5vqAmdxQaiLu3vCtNvmvSmvCGmJ"

static const struct field *field(const char *key)
{
    for (const struct field *f = recipe_fields; f->key; f++)
        if (strcmp(f->key, key) == 0)
            return f;
    fail_msg("no key %s", key);
    return NULL;
}

struct sample {
    const char *key, *text;
};

static const struct sample taken[] = {
    {"name", "a"},
    {"name", "debian-13.1_x"},
    {"release", "9.4"},
    {"media.apt.suite", "trixie-proposed-updates"},
    {"packages", "g++"},
    {"packages", "libstdc++6"},
    {"packages", "0ad"},
    {"packages", "NetworkManager"}, /* of another family than Debian */
    {"packages", "R"},
    {"hostname", "A"},
    {"hostname", "123"},
    {"domain", ""},
    {"domain", "a.b-c.example"},
    {"locale", "C"},
    {"locale", "C.UTF-8"},
    {"locale", "sr_RS@latin"},
    {"locale", "eo"},
    {"timezone", "UTC"},
    {"timezone", "Etc/GMT+12"},
    {"timezone", "America/Argentina/ComodRivadavia"},
    {"keyboard", "us(dvorak)"},
    {"kernel.args", "crashkernel=512M-:192M"},
    {"users[].name", "a"},
    {"users[].name", "a_b-x"},
    {"users[].groups", "_ssh"},
    {"users[].fullname", "Ärzte \"und\" $(x) 'y' %s \\"},
    {"media.url", "https://[::1]:8443/a"},
    {"media.url", "file:///srv/a.iso"},
    {"media.path", "a b/ü.iso"},
    {"media.kernel", "boot/*/vmlinuz"},
    {"media.signature", "ftp://images.example.org/x.sig"},
    {"root.ssh_keys", "ssh-ed25519 " KEY},
    {"root.ssh_keys", "ssh-ed25519 " KEY " a 'b' $(c)"},
    {"root.password", "a b'\"$(x)%\\"},
    {"root.password_hash", "$y$j9T$abc./$0123456789"},
    {"description", "two\nlines"},
};

static const struct sample refused[] = {
    {"name", ""},
    {"name", ".a"},
    {"name", "a/b"},
    {"name", "a\n"},
    {"packages", "-a"},
    {"packages", "a b"},
    {"packages", "a\n"},
    {"packages", "$(a)"},
    {"hostname", ""},
    {"hostname", "-a"},
    {"hostname", "a-"},
    {"hostname", "a.b"},
    {"hostname", "a\n"},
    {"hostname", "a'b"},
    {"hostname", "%s"},
    {"domain", "."},
    {"domain", "a."},
    {"domain", "a..b"},
    {"locale", "en_US.UTF-8\n"},
    {"locale", "EN"},
    {"timezone", "../../etc/passwd"},
    {"timezone", "/UTC"},
    {"keyboard", "us'"},
    {"kernel.args", "-x"},
    {"kernel.args", "a\"b"},
    {"kernel.args", "a'b"},
    {"kernel.args", "a`b"},
    {"kernel.args", "a$b"},
    {"kernel.args", "a\\b"},
    {"kernel.args", "a|b"},
    {"kernel.args", "a&b"},
    {"users[].name", "-a"},
    {"users[].name", "_a"},
    {"users[].fullname", " a"},
    {"users[].fullname", "a "},
    {"users[].name", "1a"},
    {"users[].name", "a:b"},
    {"users[].fullname", "a:b"},
    {"users[].fullname", "a\nb"},
    {"users[].groups", "a,b"},
    {"media.url", "https://a.example.org/ b"},
    {"media.url", "https://a.example.org/#b"},
    {"media.url", "https://a@a.example.org/"},
    {"media.url", "https://a.example.org:99999/"},
    {"media.url", "file://host/a"},
    {"media.url", "file:a"},
    {"media.url", "HTTPS://a.example.org"},
    {"media.url", "javascript:alert(1)"},
    {"mirror", "file:///srv"},
    {"media.path", ""},
    {"media.path", "~alice/x"},
    {"media.kernel", "/a"},
    {"media.kernel", "a/../b"},
    {"media.kernel", "a//b"},
    {"media.kernel", ".."},
    {"media.sha256", "xyz"},
    {"root.ssh_keys", "ssh-ed25519 " KEY "\nssh-rsa x"},
    {"root.ssh_keys", "ssh-rsa " KEY},
    {"root.ssh_keys", "ssh-ed25519 AAAA====AAAA"},
    {"root.ssh_keys", "ssh-ed25519 /////w=="},
    {"root.ssh_keys", "command=\"x\" ssh-ed25519 " KEY},
    {"root.password", "abc"},
    {"root.password", "ab\ncd"},
    {"root.password_hash", "x"},
    {"root.password_hash", "$6$abcdefgh$01234567\n:x"},
    {"root.password_hash", "$1$abcdefgh$0123456789"},
    {"description", "\x1b[31m"},
};

static void texts(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(taken); i++) {
        g_autofree char *hint = NULL;
        if (!types_text_fits(field(taken[i].key), taken[i].text, &hint))
            fail_msg("%s refuses '%s'", taken[i].key, taken[i].text);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autofree char *hint = NULL;
        if (types_text_fits(field(refused[i].key), refused[i].text, &hint))
            fail_msg("%s takes '%s'", refused[i].key, refused[i].text);
    }
}

/* At the longest a text is taken, with one byte more it is not. */
static void longest(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "name",        "hostname", "users[].name", "users[].fullname",
        "description", "extra",    "packages",     "media.path"};
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        const struct field *f = field(keys[i]);
        g_autofree char *fits = g_strnfill(f->form->longest, 'a');
        g_autofree char *over = g_strnfill(f->form->longest + 1, 'a');
        g_autofree char *a = NULL, *b = NULL;
        assert_true(types_text_fits(f, fits, &a));
        assert_false(types_text_fits(f, over, &b));
    }
}

static gboolean store(const char *key, const char *text, gboolean quoted, void *target)
{
    g_autofree char *hint = NULL;
    return types_store(field(key), (struct written){text, quoted}, target, &hint);
}

static void numbers(void **state)
{
    (void)state;
    guint64 size = 7;
    guint count = 7;
    gboolean yes = 7;
    assert_true(store("disk.size", "2GiB", FALSE, &size));
    assert_int_equal(size, 2ull << 30);
    assert_true(store("disk.size", "64TiB", TRUE, &size));
    assert_int_equal(size, 64ull << 40);
    assert_false(store("disk.size", "2147483647", FALSE, &size));
    assert_false(store("disk.size", "70368744177665", FALSE, &size));
    assert_false(store("disk.size", "-8GiB", FALSE, &size));
    assert_false(store("disk.size", "1e12", FALSE, &size));
    assert_int_equal(size, 64ull << 40);
    assert_true(store("vm.cpus", "256", FALSE, &count));
    assert_int_equal(count, 256);
    static const char *const wrong[] = {
        "0", "257", "-1", "+1", "1.0", "0x1", " 1", "1 ", "", "4294967297", "18446744073709551617"};
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++)
        assert_false(store("vm.cpus", wrong[i], FALSE, &count));
    assert_int_equal(count, 256);
    assert_true(store("limits.total", "1d2h3m4s", FALSE, &count));
    assert_int_equal(count, 86400 + 7200 + 180 + 4);
    assert_false(store("limits.total", "59s", FALSE, &count));
    assert_true(store("serial_console", "false", FALSE, &yes));
    assert_false(yes);
    assert_false(store("serial_console", "true", TRUE, &yes));
    assert_false(store("serial_console", "True", FALSE, &yes));
}

/* The default and the example of every key have its type. */
static void table(void **state)
{
    (void)state;
    for (const struct field *f = recipe_fields; f->key; f++) {
        g_autofree char *hint = NULL, *expected = NULL;
        const char *example = types_example(f);
        if (f->kind < KIND_LIST || f->form == &form_choice)
            continue;
        expected = types_expected(f);
        assert_true(*expected);
        if (!f->form)
            assert_true(f->kind == KIND_BOOL || example);
        if (f->form && f->secrecy == SECRET_NOT && f->form != &form_ssh_key && example &&
            !types_text_fits(f, example, &hint))
            fail_msg("the example of %s is not taken", f->key);
        if (types_pattern(f) && f->secrecy == SECRET_NOT && f->form != &form_ssh_key && example)
            assert_true(g_regex_match_simple(types_pattern(f), example, 0, 0));
    }
}

static void durations(void **state)
{
    (void)state;
    static const struct {
        guint64 seconds;
        const char *text;
    } cases[] = {{1, "1s"}, {90, "1m30s"}, {7200, "2h"}, {604800, "7d"}, {90061, "1d1h1m1s"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = types_duration(cases[i].seconds);
        assert_string_equal(text, cases[i].text);
    }
}

static void suggestions(void **state)
{
    (void)state;
    static const struct {
        const char *parent, *word, *hint;
    } cases[] = {
        {"", "hostnam", "did you mean \"hostname\"?"},
        {"vm", "mem", "did you mean \"memory\"?"},
        {"", "ssh_keys", "\"ssh_keys\" is a key below \"root\""},
        {"", "groups", "\"groups\" is a key below \"users\""},
        {"disk", "hostname", "\"hostname\" is a key of the top level"},
        {"kernel", "zzzzzz", "known here: package, args"},
        {"users[]", "grups", "did you mean \"groups\"?"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *hint = table_suggest(cases[i].parent, cases[i].word);
        assert_string_equal(hint, cases[i].hint);
    }
    assert_null(table_find("", "disk.size"));
    assert_null(table_find("", "name "));
    assert_null(table_find("user", "name"));
    assert_ptr_equal(table_find("disk", "size"), field("disk.size"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts), cmocka_unit_test(longest),   cmocka_unit_test(numbers),
        cmocka_unit_test(table), cmocka_unit_test(durations), cmocka_unit_test(suggestions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
