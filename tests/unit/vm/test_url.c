/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "vm/vm.h"

static const struct {
    const char *url, *guest;
} cases[] = {
    {"http://127.0.0.1:3142/debian", "http://10.0.2.2:3142/debian"},
    {"http://127.1/x", "http://10.0.2.2/x"},
    {"http://127.255.0.9/", "http://10.0.2.2/"},
    {"http://localhost", "http://10.0.2.2"},
    {"http://LOCALHOST.:80/a%20b?q=%2F#f", "http://10.0.2.2:80/a%20b?q=%2F#f"},
    {"http://mirror.localhost/", "http://10.0.2.2/"},
    {"http://[::1]:8080/debian/", "http://10.0.2.2:8080/debian/"},
    {"http://0.0.0.0:1/", "http://10.0.2.2:1/"},
    {"http://[::]/", "http://10.0.2.2/"},
    {"http://user:pa%3Ass@127.0.0.1/d", "http://user:pa%3Ass@10.0.2.2/d"},
    {"http://mirror.example.org/debian", "http://mirror.example.org/debian"},
    {"http://128.0.0.1/", "http://128.0.0.1/"},
    {"http://localhost.example.org/", "http://localhost.example.org/"},
    {"http://127.0.0.1.example.org/", "http://127.0.0.1.example.org/"},
    {"http://example.org/127.0.0.1", "http://example.org/127.0.0.1"},
    {"http://192.0.2.1/", "http://192.0.2.1/"},
    {"file:///srv/debian", "file:///srv/debian"},
    {"not a url", "not a url"},
    {"", ""},
};

static void table(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = vm_guest_url(cases[i].url);
        assert_string_equal(got, cases[i].guest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
