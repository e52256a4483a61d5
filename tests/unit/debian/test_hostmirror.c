/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../media/support.h"

#include "debian/debian.h"

static void add(const char *dir, const char *name, const char *text)
{
    g_autofree char *path = under(dir, name);
    g_autofree char *folder = g_path_get_dirname(path);
    assert_true(files_mkdir(folder, FALSE, NULL));
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void assert_one(const char *dir, gboolean security, const char *expected)
{
    g_autofree char *mirror = deb_host_mirror(dir, security);
    if (expected) {
        assert_non_null(mirror);
        assert_string_equal(mirror, expected);
    } else {
        assert_null(mirror);
    }
}

static void assert_mirror(const char *dir, const char *expected)
{
    assert_one(dir, FALSE, expected);
}

static void no_sources(void **state)
{
    g_autofree char *none = under(*state, "none");
    assert_mirror(*state, NULL);
    assert_mirror(none, NULL);
}

static void one_line_sources(void **state)
{
    static const struct {
        const char *line, *expected;
    } cases[] = {
        {"deb http://mirror.test/debian trixie main", "http://mirror.test/debian"},
        {"deb http://mirror.test/debian/ trixie main contrib # why", "http://mirror.test/debian"},
        {"\tdeb\t[arch=amd64 signed-by=/k.gpg]  https://mirror.test:8443/a/debian//  trixie  main",
         "https://mirror.test:8443/a/debian"},
        {"deb ftp://mirror.test/debian bookworm contrib main", "ftp://mirror.test/debian"},
        {"deb http://[2001:db8::1]/debian trixie main", "http://[2001:db8::1]/debian"},
        {"# deb http://mirror.test/debian trixie main", NULL},
        {"deb-src http://mirror.test/debian trixie main", NULL},
        {"debug http://mirror.test/debian trixie main", NULL},
        {"deb http://mirror.test/debian-security trixie-security main", NULL},
        {"deb http://mirror.test/debian trixie-security main", NULL},
        {"deb http://mirror.test/debian trixie contrib", NULL},
        {"deb http://mirror.test/debian ./", NULL},
        {"deb http://mirror.test/debian stable/ main", NULL},
        {"deb http://mirror.test/ubuntu noble main", NULL},
        {"deb http://mirror.test/mydebian trixie main", NULL},
        {"deb file:///srv/debian trixie main", NULL},
        {"deb cdrom:[Debian 13]/debian trixie main", NULL},
        {"deb mirror+file:/etc/apt/mirrors/debian trixie main", NULL},
        {"deb tor+http://mirror.test/debian trixie main", NULL},
        {"deb http://me:secret@mirror.test/debian trixie main", NULL},
        {"deb http:///debian trixie main", NULL},
        {"deb [arch=amd64 http://mirror.test/debian trixie main", NULL},
        {"deb", NULL},
        {"deb ", NULL},
        {"deb http://mirror.test/debian", NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        add(*state, "sources.list", cases[i].line);
        assert_mirror(*state, cases[i].expected);
    }
}

static void deb822_sources(void **state)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"Types: deb\nURIs: http://mirror.test/debian\nSuites: trixie trixie-updates\n"
         "Components: main\nSigned-By: /k.gpg\n",
         "http://mirror.test/debian"},
        {"# comment\nTypes: deb deb-src\n# another\nURIs: cdrom:x\n  http://mirror.test/debian/\n"
         "Suites: trixie\nComponents: non-free main\nEnabled: yes\n",
         "http://mirror.test/debian"},
        {"Types: deb\nURIs: http://a.test/debian\nSuites: trixie\nComponents: main\nEnabled: No\n\n"
         "Types: deb\nURIs: http://b.test/debian\nSuites: trixie\nComponents: main\n",
         "http://b.test/debian"},
        {"Types: deb\nURIs: http://a.test/debian\nSuites: trixie-security\nComponents: main\n\n"
         "types: deb\nuris: http://b.test/debian\nsuites: sid\ncomponents: main\n",
         "http://b.test/debian"},
        {"Types: deb-src\nURIs: http://a.test/debian\nSuites: trixie\nComponents: main\n", NULL},
        {"Types: deb\nURIs: http://a.test/debian\nSuites: trixie\nComponents: contrib\n", NULL},
        {"Types: deb\nURIs: http://a.test/debian\nSuites: ./\n", NULL},
        {"URIs: http://a.test/debian\nSuites: trixie\nComponents: main\n", NULL},
        {"no stanza\n\nTypes: deb\nURIs: http://b.test/debian\nSuites: sid\nComponents: main\n",
         NULL},
        {"", NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        add(*state, "sources.list.d/debian.sources", cases[i].text);
        assert_mirror(*state, cases[i].expected);
    }
}

static void files_are_read_in_apts_order(void **state)
{
    add(*state, "sources.list.d/b.list", "deb http://b.test/debian trixie main\n");
    assert_mirror(*state, "http://b.test/debian");
    add(*state, "sources.list.d/a.sources",
        "Types: deb\nURIs: http://a.test/debian\nSuites: trixie\nComponents: main\n");
    assert_mirror(*state, "http://a.test/debian");
    add(*state, "sources.list.d/0.list.save", "deb http://0.test/debian trixie main\n");
    assert_mirror(*state, "http://a.test/debian");
    add(*state, "sources.list",
        "deb http://c.test/ubuntu noble main\n\n"
        "deb http://c.test/debian trixie main\n");
    assert_mirror(*state, "http://c.test/debian");
}

static void what_is_no_file_is_passed_over(void **state)
{
    g_autofree char *folder = under(*state, "sources.list.d", "a.list");
    g_autofree char *flood = g_strnfill(2u << 20, '#');
    assert_true(files_mkdir(folder, FALSE, NULL));
    add(*state, "sources.list", flood);
    add(*state, "sources.list.d/b.list", "deb http://b.test/debian trixie main\n");
    assert_mirror(*state, "http://b.test/debian");
}

#define T(name) cmocka_unit_test_setup_teardown(name, temp_setup, temp_teardown)

/* The archive of security updates is never taken for the other, nor the other way round. */
static void security(void **state)
{
    add(*state, "sources.list",
        "deb http://a.test/debian-security trixie main\n" /* no such suite there */
        "deb http://b.test/debian trixie-security main\n"
        "deb http://c.test/debian-security trixie-security contrib\n"
        "deb http://d.test/debian-security trixie-security main\n");
    assert_one(*state, TRUE, "http://d.test/debian-security");
    assert_mirror(*state, NULL);
    add(*state, "sources.list", "");
    add(*state, "sources.list.d/debian.sources",
        "Types: deb\nURIs: http://e.test/debian\nSuites: trixie trixie-updates\n"
        "Components: main\n\n"
        "Types: deb\nURIs: http://user@f.test/debian-security http://f.test/debian-security/\n"
        "Suites: trixie-security\nComponents: main\n");
    assert_one(*state, TRUE, "http://f.test/debian-security");
    assert_mirror(*state, "http://e.test/debian");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(no_sources),
        T(security),
        T(one_line_sources),
        T(deb822_sources),
        T(files_are_read_in_apts_order),
        T(what_is_no_file_is_passed_over),
    };
    return cmocka_run_group_tests_name("debian/hostmirror", tests, NULL, NULL);
}
