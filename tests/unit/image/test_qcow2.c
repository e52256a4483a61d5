/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "image/qcow2.h"

#include <string.h>

/* A header of version 3 in a first cluster of 512 bytes; offsets as in qcow2.txt. */
static void make_header(guint8 bytes[512])
{
    memset(bytes, 0, 512);
    memcpy(bytes, "QFI\xfb", 4);
    bytes[7] = 3;
    bytes[23] = 9;    /* cluster_bits */
    bytes[28] = 4;    /* size: 64 MiB */
    bytes[103] = 104; /* header length */
}

static void put_u32(guint8 *at, guint32 value)
{
    value = GUINT32_TO_BE(value);
    memcpy(at, &value, sizeof value);
}

static void assert_damaged(const guint8 *bytes, gsize length, const char *says)
{
    struct qcow2_header h;
    g_autofree guint8 *exact = g_memdup2(bytes, length); /* so that the sanitizer sees its end */
    const char *why = qcow2_header_read(exact, length, &h);
    assert_non_null(why);
    assert_non_null(strstr(why, says));
    qcow2_header_clear(&h);
}

static void plain(void **state)
{
    (void)state;
    guint8 bytes[512];
    struct qcow2_header h;
    make_header(bytes);
    assert_null(qcow2_header_read(bytes, sizeof bytes, &h));
    assert_int_equal(h.version, 3);
    assert_true(h.size == 64u << 20);
    assert_null(h.backing_file);
    assert_null(h.unknown);
    assert_false(h.data_file || h.encrypted || h.corrupt);
    qcow2_header_clear(&h);
}

static void features(void **state)
{
    (void)state;
    guint8 bytes[512];
    struct qcow2_header h;
    make_header(bytes);
    bytes[79] = 0x06;                 /* corrupt, data file */
    bytes[78] = 0x02;                 /* bit 9 */
    bytes[72] = 0x80;                 /* bit 63 */
    bytes[35] = 1;                    /* AES */
    put_u32(bytes + 104, 0x6803f857); /* feature name table */
    put_u32(bytes + 108, 96);
    bytes[112 + 48 + 1] = 9; /* its second row */
    memcpy(bytes + 112 + 50, "time\ntravel", 11);
    put_u32(bytes + 208, 0x44415441); /* data file name */
    put_u32(bytes + 212, 11);
    memcpy(bytes + 216, "/etc/shadow", 11);
    assert_null(qcow2_header_read(bytes, sizeof bytes, &h));
    assert_true(h.data_file && h.encrypted && h.corrupt);
    assert_string_equal(h.data_file_name, "/etc/shadow");
    assert_non_null(strstr(h.unknown, "bit 9 (time"));
    assert_null(strchr(h.unknown, '\n'));
    assert_non_null(strstr(h.unknown, ", bit 63"));
    qcow2_header_clear(&h);
}

/* The name of a data file without its feature bit is one all the same. */
static void data_file_without_bit(void **state)
{
    (void)state;
    guint8 bytes[512];
    struct qcow2_header h;
    make_header(bytes);
    put_u32(bytes + 104, 0x44415441);
    put_u32(bytes + 108, 1);
    bytes[112] = 'x';
    assert_null(qcow2_header_read(bytes, sizeof bytes, &h));
    assert_true(h.data_file);
    qcow2_header_clear(&h);
}

static void backing(void **state)
{
    (void)state;
    guint8 bytes[512];
    struct qcow2_header h;
    make_header(bytes);
    bytes[7] = 2;
    bytes[14] = 1; /* offset 256 */
    bytes[19] = 6;
    memcpy(bytes + 256, "a.img\xff", 6);
    assert_null(qcow2_header_read(bytes, sizeof bytes, &h));
    assert_non_null(h.backing_file);
    assert_false(h.backing_plain); /* what is shown is not what QEMU would open */
    qcow2_header_clear(&h);
    bytes[19] = 5;
    assert_null(qcow2_header_read(bytes, sizeof bytes, &h));
    assert_string_equal(h.backing_file, "a.img");
    assert_true(h.backing_plain);
    qcow2_header_clear(&h);
}

static void damaged(void **state)
{
    (void)state;
    guint8 bytes[512];
    make_header(bytes);
    assert_damaged(bytes, 0, "is not a qcow2 image");
    assert_damaged(bytes, 71, "is not a qcow2 image");
    assert_damaged(bytes, 103, "ends within its header");
    bytes[7] = 1;
    assert_damaged(bytes, 512, "version 2 or 3");
    make_header(bytes);
    bytes[23] = 22;
    assert_damaged(bytes, 512, "clusters");
    bytes[23] = 8;
    assert_damaged(bytes, 512, "clusters");
    make_header(bytes);
    bytes[103] = 105;
    assert_damaged(bytes, 512, "length");
    put_u32(bytes + 100, 1024);
    assert_damaged(bytes, 512, "length");
    make_header(bytes);
    put_u32(bytes + 104, 1);
    put_u32(bytes + 108, 0xfffffff8);
    assert_damaged(bytes, 512, "extension");
    make_header(bytes);
    memset(bytes + 8, 0xff, 12); /* backing offset and size */
    assert_damaged(bytes, 512, "backing file");
    make_header(bytes);
    bytes[14] = 1;
    put_u32(bytes + 16, 257); /* one byte beyond the cluster */
    assert_damaged(bytes, 512, "backing file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(plain), cmocka_unit_test(features),
                                       cmocka_unit_test(data_file_without_bit),
                                       cmocka_unit_test(backing), cmocka_unit_test(damaged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
