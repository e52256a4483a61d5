/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/digest.h"
#include "base/error.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>
#include <string.h>
#include <unistd.h>

/* FIPS 180-4 example: SHA-256("abc"). */
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void known(void **state)
{
    (void)state;
    char hex[DIGEST_HEX_LEN + 1];
    digest_bytes("abc", 3, hex);
    assert_string_equal(hex, ABC);
    assert_true(digest_is_hex(hex));
    assert_false(digest_is_hex("abc"));
    assert_false(digest_is_hex(NULL));
    hex[0] = 'g';
    assert_false(digest_is_hex(hex));
}

static void of_file(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    char hex[DIGEST_HEX_LEN + 1];
    guint64 size = 0;
    close(g_file_open_tmp("ingot-XXXXXX", &path, NULL));
    assert_true(g_file_set_contents(path, "abc", 3, NULL));
    assert_true(digest_file(path, hex, &size, NULL, &error));
    assert_string_equal(hex, ABC);
    assert_int_equal(size, 3);
    g_unlink(path);
    assert_false(digest_file(path, hex, &size, NULL, &error));
    assert_non_null(strstr(error->message, path));
}

/* A hole counts as the zeros that it is, at the begin, between data and at the end. */
static void of_holes(void **state)
{
    (void)state;
    static const goffset data_at[] = {3 << 20, (5 << 20) + 4096};
    const gsize length = (9 << 20) + 7;
    char hex[DIGEST_HEX_LEN + 1], full[DIGEST_HEX_LEN + 1];
    guint64 size;
    g_autofree char *path = NULL, *bytes = g_malloc0(length);
    int fd = g_file_open_tmp("ingot-digest-XXXXXX", &path, NULL);
    assert_int_equal(ftruncate(fd, (off_t)length), 0);
    for (gsize i = 0; i < G_N_ELEMENTS(data_at); i++) {
        memset(bytes + data_at[i], 'x', 5000);
        assert_int_equal(pwrite(fd, bytes + data_at[i], 5000, data_at[i]), 5000);
    }
    close(fd);
    assert_true(digest_file(path, hex, &size, NULL, NULL));
    digest_bytes(bytes, length, full);
    assert_string_equal(hex, full);
    assert_int_equal(size, length);
    assert_int_equal(truncate(path, 0), 0);
    assert_true(digest_file(path, hex, &size, NULL, NULL));
    assert_int_equal(size, 0);
    g_unlink(path);
}

static void key(const char *const *fields, char hex[DIGEST_HEX_LEN + 1])
{
    g_autoptr(digest) d = digest_new();
    for (; fields[0]; fields += 2)
        digest_field(d, fields[0], fields[1]);
    digest_finish(d, hex);
}

/* No two lists of fields give one key. */
static void fields(void **state)
{
    (void)state;
    char a[DIGEST_HEX_LEN + 1], b[DIGEST_HEX_LEN + 1], c[DIGEST_HEX_LEN + 1];
    key((const char *const[]){"ab", "c", NULL}, a);
    key((const char *const[]){"a", "bc", NULL}, b);
    key((const char *const[]){"ab", "c", "x", "", NULL}, c);
    assert_string_not_equal(a, b);
    assert_string_not_equal(a, c);
    key((const char *const[]){"x", "", NULL}, a);
    g_autoptr(digest) d = digest_new();
    digest_field(d, "x", NULL);
    digest_finish(d, b);
    assert_string_not_equal(a, b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(known), cmocka_unit_test(of_file),
                                       cmocka_unit_test(of_holes), cmocka_unit_test(fields)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
