/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "inspect/policy.h"
#include "inspect/search.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHUNK  (256u << 10) /* that of search.c: finds across its border matter */
#define SECRET "correct-horse"

static const inspect_rule rule = {"rule", "A rule", INSPECT_ERROR};

static struct archive *begin(int *fd)
{
    *fd = memfd_create("tar", MFD_CLOEXEC);
    struct archive *a = archive_write_new();
    archive_write_set_format_gnutar(a);
    assert_int_equal(archive_write_open_fd(a, *fd), ARCHIVE_OK);
    return a;
}

static void add(struct archive *a, const char *path, const void *data, gsize length)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, path);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, (la_int64_t)length);
    assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
    assert_int_equal(archive_write_data(a, data, length), length);
    archive_entry_free(entry);
}

static gboolean search(struct archive *a, int fd, GArray *needles, GPtrArray *found, GError **error)
{
    archive_write_free(a);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    gboolean good = search_tar(fd, "/etc", needles, found, error);
    close(fd);
    return good;
}

/* What is found when one file has this content. */
static guint found_in(GArray *needles, const void *data, gsize length)
{
    int fd;
    struct archive *a = begin(&fd);
    g_autoptr(GPtrArray) found = inspect_findings_new();
    add(a, "file", data, length);
    assert_true(search(a, fd, needles, found, NULL));
    return found->len;
}

static guint found_text(GArray *needles, const char *text)
{
    return found_in(needles, text, strlen(text));
}

static const char *said(const GPtrArray *found, guint i)
{
    return ((const struct inspect_finding *)g_ptr_array_index(found, i))->text;
}

static void names_the_file_once(void **state)
{
    (void)state;
    int fd;
    struct archive *a = begin(&fd);
    g_autoptr(GPtrArray) found = inspect_findings_new();
    g_autoptr(GArray) needles = needles_new();
    needles_add_secret(needles, SECRET, &rule, "a secret is");
    add(a, "./empty", "", 0);
    add(a, "./a/good", "nothing", 7);
    add(a, "./a/\033[2Jbad", SECRET SECRET, 26);
    add(a, "last", "x" SECRET, 14);
    assert_true(search(a, fd, needles, found, NULL));
    assert_int_equal(found->len, 2);
    assert_string_equal(said(found, 0), "a secret is in /etc/a/bad");
    assert_string_equal(said(found, 1), "a secret is in /etc/last");
    const struct inspect_finding *first = g_ptr_array_index(found, 0);
    assert_string_equal(first->path, "/etc/a/bad");
    assert_ptr_equal(first->rule, &rule);
}

static void finds_across_chunks(void **state)
{
    (void)state;
    g_autoptr(GArray) needles = needles_new();
    needles_add_secret(needles, SECRET, &rule, "x");
    for (gsize at = CHUNK - 20; at < CHUNK + 3; at++) {
        g_autofree char *data = g_malloc0(2 * CHUNK);
        assert_int_equal(found_in(needles, data, 2 * CHUNK), 0);
        memcpy(data + at, SECRET, strlen(SECRET));
        assert_int_equal(found_in(needles, data, 2 * CHUNK), 1);
    }
}

/* The end of one file and the beginning of the next are no find. */
static void files_are_apart(void **state)
{
    (void)state;
    int fd;
    struct archive *a = begin(&fd);
    g_autoptr(GPtrArray) found = inspect_findings_new();
    g_autoptr(GArray) needles = needles_new();
    needles_add_secret(needles, SECRET, &rule, "x");
    add(a, "1", "correct-", 8);
    add(a, "2", "horse", 5);
    assert_true(search(a, fd, needles, found, NULL));
    assert_int_equal(found->len, 0);
}

static void macs_in_every_spelling(void **state)
{
    (void)state;
    g_autoptr(GArray) needles = needles_new();
    needles_add_mac(needles, "52:54:00:6B:1d:9e", &rule, "x");
    assert_int_equal(found_text(needles, "a 52:54:00:6b:1d:9e b"), 1);
    assert_int_equal(found_text(needles, "a 52:54:00:6B:1D:9E b"), 1);
    assert_int_equal(found_text(needles, "enx5254006b1d9e"), 1);
    assert_int_equal(found_text(needles, "01-52-54-00-6b-1d-9e"), 1);
    assert_int_equal(found_in(needles, "\1\x52\x54\0\x6b\x1d\x9e", 7), 1);
    assert_int_equal(found_text(needles, "52:54:00:6b:1d:9f"), 0);
}

static void bad_macs_are_no_needle(void **state)
{
    (void)state;
    g_autoptr(GArray) needles = needles_new();
    needles_add_mac(needles, "", &rule, "x");
    needles_add_mac(needles, "52:54:00:6b:1d", &rule, "x");
    needles_add_mac(needles, "52:54:00:6b:1d:9", &rule, "x");
    needles_add_mac(needles, "hello", &rule, "x");
    assert_int_equal(needles->len, 0);
    needles_add_mac(needles, "02:00:00:00:00:01", &rule, "x");
    assert_int_equal(found_in(needles, "\2\0\0\0\0\1", 6), 0);
    assert_int_equal(found_text(needles, "02:00:00:00:00:01"), 1);
}

/* "debian" as a password must not make every image unfit. */
static void short_secrets_need_a_context(void **state)
{
    (void)state;
    g_autoptr(GArray) needles = needles_new();
    needles_add_secret(needles, "", &rule, "x");
    assert_int_equal(needles->len, 0);
    needles_add_secret(needles, "debian", &rule, "x");
    assert_int_equal(found_text(needles, "deb http://example.org/debian\n"), 0);
    assert_int_equal(found_text(needles, "d-i passwd/root-password password debian\n"), 1);
    assert_int_equal(found_text(needles, "password=debian\n"), 1);
}

/* ---- patterns ---- */

static const inspect_rule other = {"other", "Another rule", INSPECT_NOTE};
static const struct search_pattern key = {
    &rule, "a key is",
    NULL,  "*/test/* /etc/this",
    FALSE, {{"BEGIN ", "A-Z ", 0, 8}, {"KEY--", "a-z\n", 4, 4}, {NULL, NULL, 0, 0}}};
static const struct search_pattern token = {
    &other, "a token is", NULL, NULL, TRUE, {{"tok_", "A-Z0-9", 4, 4}, {NULL, NULL, 0, 0}}};
static const struct search_pattern url = {
    &rule, "a password is", "/etc/apt/* */rc",
    NULL,  FALSE,           {{"://", "^/@: ", 1, 8}, {":", "^/@ ", 1, 8}, {"@", NULL, 0, 0}}};
static const struct search_pattern file = {&rule, "a login is", "*/login",
                                           NULL,  FALSE,        {{NULL, NULL, 0, 0}}};

static GArray *all_patterns(void)
{
    GArray *needles = needles_new();
    needles_add_pattern(needles, &key);
    needles_add_pattern(needles, &token);
    needles_add_pattern(needles, &url);
    needles_add_pattern(needles, &file);
    return needles;
}

static void patterns_match(void **state)
{
    static const struct {
        const char *path, *text, *says;
    } cases[] = {
        {"a", "BEGIN KEY--\nabc", "a key is in /etc/a"},
        {"a", "x BEGIN RSA KEY--abcd x", "a key is in /etc/a"},
        {"a", "BEGIN BEGIN KEY--abcd", "a key is in /etc/a"},
        {"a", "BEGIN KEY--abc", NULL},                /* too short */
        {"a", "BEGIN KEY--ABCD", NULL},               /* not of the set */
        {"a", "BEGIN VERY LONG RSA KEY--abcd", NULL}, /* too much between */
        {"a", "BEGIN rsa KEY--abcd", NULL},
        {"a", "BEGIN ", NULL},
        {"this", "BEGIN KEY--abcd", NULL},
        {"x/test/a", "BEGIN KEY--abcd", NULL},
        {"testa", "BEGIN KEY--abcd", "a key is in /etc/testa"},
        {"a", "tok_AB12", "a token is in /etc/a"},
        {"a", "x=tok_AB12", "a token is in /etc/a"},
        {"a", "xtok_AB12", NULL},
        {"a", "+tok_AB12", NULL},
        {"a", "tok_AB1", NULL},
        {"apt/x/y", "deb http://me:pw@host/", "a password is in /etc/apt/x/y"},
        {"rc", "http://me:pw@host/", "a password is in /etc/rc"},
        {"apt/x", "http://host:80/me@x", NULL},
        {"apt/x", "http://me@host", NULL},
        {"apt/x", "://:@ ://a:@ ://a:b ", NULL},
        {"other", "http://me:pw@host/", NULL},
        {"login", "x", "a login is in /etc/login"},
        {"login", "", NULL},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        int fd;
        struct archive *a = begin(&fd);
        g_autoptr(GPtrArray) found = inspect_findings_new();
        g_autoptr(GArray) needles = all_patterns();
        add(a, cases[i].path, cases[i].text, strlen(cases[i].text));
        assert_true(search(a, fd, needles, found, NULL));
        if (found->len != (cases[i].says ? 1 : 0) ||
            (found->len && strcmp(said(found, 0), cases[i].says) != 0))
            fail_msg("'%s' in %s: %u found", cases[i].text, cases[i].path, found->len);
    }
}

/* Each rule once a file; the next file begins anew. */
static void rules_once_a_file(void **state)
{
    static const char text[] = "tok_AB12 tok_AB12 BEGIN KEY--abcd BEGIN KEY--abcd";
    (void)state;
    int fd;
    struct archive *a = begin(&fd);
    g_autoptr(GPtrArray) found = inspect_findings_new();
    g_autoptr(GArray) needles = all_patterns();
    add(a, "a", text, strlen(text));
    add(a, "b", text, strlen(text));
    assert_true(search(a, fd, needles, found, NULL));
    assert_int_equal(found->len, 4);
    assert_string_equal(said(found, 2), "a key is in /etc/b");
    assert_string_equal(said(found, 3), "a token is in /etc/b");
}

static void patterns_across_chunks(void **state)
{
    static const char text[] = " BEGIN RSA KEY--abcd";
    (void)state;
    for (gsize at = CHUNK - 30; at < CHUNK + 3; at++) {
        g_autoptr(GArray) needles = all_patterns();
        g_autofree char *data = g_malloc0(2 * CHUNK);
        memcpy(data + at, text, strlen(text));
        assert_int_equal(found_in(needles, data, 2 * CHUNK), 1);
        memcpy(data + at, "wtok_AB12           ", strlen(text));
        assert_int_equal(found_in(needles, data, 2 * CHUNK), 0);
    }
}

/* A guest cannot make the list of findings grow without end. */
static void findings_have_a_limit(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) found = inspect_findings_new();
    for (guint i = 0; i < 3 * FINDINGS_OF_RULE; i++)
        policy_break(found, &rule, "/a", "x");
    policy_break(found, &other, NULL, "y");
    assert_int_equal(found->len, FINDINGS_OF_RULE + 2);
    assert_string_equal(said(found, FINDINGS_OF_RULE),
                        "there are more of these, which are not listed");
}

static void broken_streams(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) found = inspect_findings_new();
    g_autoptr(GArray) needles = needles_new();
    needles_add_secret(needles, SECRET, &rule, "x");
    int fd;
    struct archive *a = begin(&fd);
    add(a, "file", "0123456789", 10);
    archive_write_free(a);
    assert_int_equal(ftruncate(fd, 515), 0); /* a header and three bytes of ten */
    lseek(fd, 0, SEEK_SET);
    assert_false(search_tar(fd, "/etc", needles, found, &error));
    assert_error_says(error, INGOT_EXIT_SEAL, "cannot search /etc of the guest");
    g_clear_error(&error);
    assert_int_equal(ftruncate(fd, 0), 0);
    lseek(fd, 0, SEEK_SET);
    assert_int_equal(write(fd, "this is no tar stream at all", 28), 28);
    lseek(fd, 0, SEEK_SET);
    assert_false(search_tar(fd, "/etc", needles, found, &error));
    assert_error_says(error, INGOT_EXIT_SEAL, "cannot search");
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_file_once),    cmocka_unit_test(finds_across_chunks),
        cmocka_unit_test(files_are_apart),        cmocka_unit_test(macs_in_every_spelling),
        cmocka_unit_test(bad_macs_are_no_needle), cmocka_unit_test(short_secrets_need_a_context),
        cmocka_unit_test(patterns_match),         cmocka_unit_test(rules_once_a_file),
        cmocka_unit_test(patterns_across_chunks), cmocka_unit_test(findings_have_a_limit),
        cmocka_unit_test(broken_streams)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
