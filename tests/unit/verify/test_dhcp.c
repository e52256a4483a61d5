/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "verify/dhcp.h"

#include "base/error.h"

#include <string.h>
#include <unistd.h>

#define LEAD    (14 + 20 + 8)
#define OPTIONS (LEAD + 240)

/* An Ethernet frame with a DHCP message of a client; options end with 255. */
static GByteArray *frame(const char *options, gsize length)
{
    static const guint8 mac[] = {0x52, 0x54, 0, 0x69, 0x6e, 0x61};
    GByteArray *f = g_byte_array_new();
    g_byte_array_set_size(f, OPTIONS);
    memset(f->data, 0, f->len);
    f->data[12] = 8;    /* IPv4 */
    f->data[14] = 0x45; /* version 4, 5 words */
    f->data[23] = 17;   /* UDP */
    f->data[14 + 20 + 3] = 67;
    f->data[LEAD] = 1; /* request */
    memcpy(f->data + LEAD + 28, mac, sizeof mac);
    memcpy(f->data + LEAD + 236, "\x63\x82\x53\x63", 4);
    g_byte_array_append(f, (const guint8 *)options, (guint)length);
    return f;
}

#define FRAME(options) frame(options, sizeof(options) - 1)

static void feed(GByteArray *f, struct dhcp_seen *seen)
{
    dhcp_frame(f->data, f->len, seen);
    g_byte_array_unref(f);
}

static void client(void **state)
{
    (void)state;
    struct dhcp_seen seen = {0};
    feed(FRAME("\x35\x01\x01\x3d\x03\xff\x01\x02\x0c\x03one\xff"), &seen);
    feed(FRAME("\x35\x01\x03\x3d\x03\xff\x01\x02\x32\x04\x0a\x00\x02\x0f\xff"), &seen);
    assert_int_equal(seen.messages, 2);
    assert_string_equal(seen.identity, "ff:01:02");
    assert_string_equal(seen.hostname, "one");
    assert_null(seen.first_wish); /* only the second, in answer to an offer */
    assert_false(seen.changed);
    feed(FRAME("\x3d\x03\xff\x01\x03\xff"), &seen);
    assert_true(seen.changed);
    dhcp_seen_clear(&seen);
}

static void remembered_lease(void **state)
{
    (void)state;
    struct dhcp_seen seen = {0};
    feed(FRAME("\x35\x01\x03\x32\x04\xc0\xa8\x01\x02\x00\x00\xff"), &seen);
    assert_string_equal(seen.first_wish, "192.168.1.2");
    assert_string_equal(seen.identity, "hardware 52:54:00:69:6e:61");
    dhcp_seen_clear(&seen);
}

static void not_a_client(void **state)
{
    (void)state;
    struct dhcp_seen seen = {0};
    static const struct {
        gsize at;
        guint8 byte;
    } wrong[] = {{12, 0x86}, {14, 0x65}, {14, 0x44}, {14, 0x4f},     {20, 0x01},
                 {23, 6},    {37, 68},   {LEAD, 2},  {LEAD + 236, 0}};
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        GByteArray *f = FRAME("\xff");
        f->data[wrong[i].at] = wrong[i].byte;
        feed(f, &seen);
    }
    g_autoptr(GByteArray) whole = FRAME("\x3d\x09\x01");
    for (gsize n = 0; n < OPTIONS; n++) {
        g_autofree guint8 *cut = g_memdup2(whole->data, n); /* so that a sanitizer sees its end */
        dhcp_frame(cut, n, &seen);
    }
    assert_int_equal(seen.messages, 0);
    /* An option that says to be longer than the message is as good as none. */
    dhcp_frame(whole->data, whole->len, &seen);
    assert_string_equal(seen.identity, "hardware 52:54:00:69:6e:61");
    dhcp_seen_clear(&seen);
}

/* A capture as QEMU writes it, cut in the middle of its second frame. */
static void capture(void **state)
{
    (void)state;
    static const guint8 head[] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0,
                                  0,    0,    0,    0,    0, 0, 1, 0, 1, 0, 0, 0};
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) f = FRAME("\x3d\x03\xff\x01\x02\xff");
    g_autoptr(GByteArray) file = g_byte_array_new();
    guint32 record[4] = {1, 0, GUINT32_TO_LE(f->len), GUINT32_TO_LE(f->len)};
    struct dhcp_seen seen = {0};
    int fd = g_file_open_tmp("capture-XXXXXX", &path, NULL);
    assert_true(fd >= 0);
    close(fd);
    g_byte_array_append(file, head, sizeof head);
    for (int i = 0; i < 2; i++) {
        g_byte_array_append(file, (const guint8 *)record, sizeof record);
        g_byte_array_append(file, f->data, f->len);
    }
    assert_true(g_file_set_contents(path, (const char *)file->data, (gssize)file->len - 20, NULL));
    assert_true(dhcp_read(path, &seen, &error));
    assert_no_error(error);
    assert_int_equal(seen.messages, 1);
    assert_string_equal(seen.identity, "ff:01:02");
    dhcp_seen_clear(&seen);
    assert_true(g_file_set_contents(path, "no capture", -1, NULL));
    assert_false(dhcp_read(path, &seen, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "capture");
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(client), cmocka_unit_test(remembered_lease),
                                       cmocka_unit_test(not_a_client), cmocka_unit_test(capture)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
