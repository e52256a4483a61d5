/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../media/support.h"

#include "debian/debian.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
#define NOW 1800000000 /* 2027-01-15 */

static deb_release *parse(const char *text, GError **error)
{
    return deb_release_parse(text, strlen(text), "trixie", NOW, error);
}

static void reads_a_release(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(deb_release) r =
        parse("Suite: stable\nCodename: trixie\nAcquire-By-Hash: yes\n"
              "Date: Sat, 12 Sep 2099 07:55:41 UTC\nMD5Sum:\n x\nSHA256:\n " A64
              "  123 main/binary-amd64/Packages.xz\n " B64 " 0 main/empty\n\n",
              &error);
    assert_no_error(error);
    assert_string_equal(r->codename, "trixie");
    assert_true(r->by_hash);
    const struct deb_index *index =
        g_hash_table_lookup(r->indices, "main/binary-amd64/Packages.xz");
    assert_string_equal(index->sha256, A64);
    assert_int_equal(index->size, 123);
    const struct deb_index *other = g_hash_table_lookup(r->indices, "main/empty");
    assert_true(other->sha256[0] == 'b' && strlen(other->sha256) == 64);
    assert_null(g_hash_table_lookup(r->indices, "x"));
}

static void the_suite_may_be_either_name(void **state)
{
    (void)state;
    static const char text[] = "Suite: stable\nCodename: trixie\nSHA256:\n " A64 " 1 a\n";
    g_autoptr(deb_release) suite = deb_release_parse(text, sizeof text - 1, "stable", 0, NULL);
    g_autoptr(deb_release) code = deb_release_parse(text, sizeof text - 1, "trixie", 0, NULL);
    g_autoptr(GError) error = NULL;
    assert_non_null(suite);
    assert_false(suite->by_hash);
    assert_non_null(code);
    assert_null(deb_release_parse(text, sizeof text - 1, "bookworm", 0, &error));
    assert_error_says(error, INGOT_EXIT_MEDIA, "of suite “stable”, codename “trixie”");
}

static void dates(void **state)
{
    (void)state;
    static const struct {
        const char *until, *says; /* says NULL: is good */
    } cases[] = {
        {"Fri, 15 Jan 2027 08:00:01 UTC", NULL},
        {"Fri, 15 Jan 2027 10:00:01 +0200", NULL},
        {"Fri, 15 Jan 2027 07:59:59 UTC", "was valid until Fri, 15 Jan 2027 07:59:59 UTC"},
        {"Sat, 12 Sep 2020 07:55:41 UTC", "was valid until"},
        {"tomorrow, or so", "invalid Valid-Until"},
        {"", "invalid Valid-Until"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = g_strdup_printf(
            "Codename: trixie\nValid-Until: %s\nSHA256:\n " A64 " 1 a\n", cases[i].until);
        g_autoptr(deb_release) r = parse(text, &error);
        if (cases[i].says)
            assert_error_says(error, INGOT_EXIT_MEDIA, cases[i].says);
        else
            assert_no_error(error);
        assert_true(!r == !!cases[i].says);
    }
}

static void refuses_bad_releases(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "it is empty"},
        {"<html>", "cannot be read: no field name"},
        {"Suite: stable\n", "of suite “stable”, codename “-”"},
        {"Codename: trixie\nMD5Sum:\n x 1 a\n", "no SHA-256"},
        {"Codename: trixie\nSHA256:\n x 1 a\n", "not a digest"},
        {"Codename: trixie\nSHA256:\n " A64 " 1\n", "not a digest"},
        {"Codename: trixie\nSHA256:\n " A64 " -1 a\n", "not a digest"},
        {"Codename: trixie\nSHA256:\n " A64 " 99999999999999999999 a\n", "not a digest"},
        {"Codename: trixie\nSHA256:\n " A64 " 0x10 a\n", "not a digest"},
        {"Codename: trixie\nSHA256:\n " A64 " 1 a b\n", "not a digest"},
        {"Codename: trixie\nSHA256:\n " A64 " 1 ../a\n", "not a digest"},
        {"Codename: trixie\nSHA256:\n " A64 " 1 /a\n", "not a digest"},
        {"Codename: trixie\nSHA256:\n " A64 " 1 a//b\n", "not a digest"},
        {"Codename: trixie\nSHA256:\n " A64 " 1 a\n " B64 " 1 a\n", "not a digest"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(parse(cases[i].text, &error));
        assert_error_says(error, INGOT_EXIT_MEDIA, cases[i].says);
    }
}

/* ---- Packages ---- */

#define FIELDS(version, arch, file)                                                                \
    "Version: " version "\nArchitecture: " arch "\nFilename: " file "\nSize: 7\nSHA256: " B64 "\n"

static const char packages[] = "Package: wanted-not\nDepends: wanted\n" FIELDS(
    "9", "all",
    "pool/not.deb") "\nPackage: wanted\n" FIELDS("1.9", "amd64",
                                                 "pool/old.deb") "\nArchitecture: "
                                                                 "all\nPackage:wanted\nVersion: "
                                                                 "1.10\nFilename: pool/new.deb\n"
                                                                 "Size: 77\nSHA256: " A64 "\n"
                                                                 "\nPackage: wanted\n" FIELDS(
                                                                     "7", "arm64", "pool/arm.deb");

/* What a file says of "wanted"; NULL with *error unset: nothing. */
static deb_package *find_in(const char *file, GError **error)
{
    const struct deb_listing listing = {(char *)file, 0};
    g_autoptr(deb_catalog) catalog = deb_catalog_read(&listing, 1, "amd64", "wanted", NULL, error);
    return catalog && deb_catalog_has(catalog, "wanted") ? deb_choose(catalog, "wanted", error)
                                                         : NULL;
}

static deb_package *find(const char *dir, const char *suffix, const char *text, GError **error)
{
    g_autofree char *name = g_strconcat("Packages", suffix, NULL);
    g_autofree char *file = under(dir, name);
    g_autoptr(GBytes) bytes = squeeze(suffix, text, strlen(text));
    write_bytes(file, bytes);
    return find_in(file, error);
}

static void finds_the_newest_version(void **state)
{
    static const char *const suffixes[] = {"", ".gz", ".xz"};
    for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(deb_package) found = find(*state, suffixes[i], packages, &error);
        assert_no_error(error);
        assert_string_equal(found->version, "1.10");
        assert_string_equal(found->filename, "pool/new.deb");
        assert_string_equal(found->sha256, A64);
        assert_int_equal(found->size, 77);
    }
}

/* Larger than what is read at once, so that stanzas lie across the seams. */
static void finds_it_among_many(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < 20000; i++)
        g_string_append_printf(text, "Package: p%d\nVersion: 1\nDescription: %d\n .\n\n", i, i);
    g_string_append(text, packages);
    for (int i = 0; i < 20000; i++)
        g_string_append_printf(text, "\nPackage: q%d\nVersion: 1\n", i);
    g_autoptr(deb_package) found = find(*state, ".gz", text->str, &error);
    assert_no_error(error);
    assert_string_equal(found->filename, "pool/new.deb");
}

static void what_is_not_there_is_no_error(void **state)
{
    static const char *const texts[] = {"", "Package: other\nVersion: 1\n", "wanted", "\n\n\n"};
    for (gsize i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;
        assert_null(find(*state, "", texts[i], &error));
        assert_no_error(error);
    }
}

static void refuses_bad_packages(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"wanted\n", "no field name"},
        {"Package: wanted\nVersion: 1\nArchitecture: all\n", "no usable name, version"},
        {"Package: wanted\n" FIELDS("1", "all", "../../etc/passwd"), "no usable name, version"},
        {"Package: wanted\n" FIELDS("1", "all", "/etc/passwd"), "no usable name, version"},
        {"Package: wanted\nVersion: 1\nArchitecture: all\nFilename: a\nSize: 1\nSHA256: b\n",
         "no usable name, version"},
        {"Package: wanted\nPackage: wanted\n", "a duplicate field"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(find(*state, "", cases[i].text, &error));
        assert_error_says(error, INGOT_EXIT_MEDIA, cases[i].says);
    }
}

static void refuses_a_stanza_without_end(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *flood = g_strnfill(6u << 20, 'a');
    assert_null(find(*state, ".xz", flood, &error));
    assert_error_says(error, INGOT_EXIT_MEDIA, "stanza");
}

static void refuses_a_truncated_file(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = under(*state, "Packages.xz");
    g_autoptr(GBytes) bytes = squeeze(".xz", packages, strlen(packages));
    g_autoptr(GBytes) half = g_bytes_new_from_bytes(bytes, 0, g_bytes_get_size(bytes) / 2);
    write_bytes(file, half);
    assert_null(find_in(file, &error));
    assert_error_says(error, INGOT_EXIT_MEDIA, "cannot read the Packages file");
}

static void safe_paths(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "a/b", "pool/main/d/x_1%3a2+deb13~u7_all.deb",
                                       "..a/b.."};
    static const char *const bad[] = {"",     "/",     "/a",  "a/",      "a//b", "..",  "../a",
                                      "a/..", "a/./b", "a\n", "a\x7f/b", "\xff", "a\\b"};
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++)
        assert_true(deb_path_is_safe(good[i]));
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_false(deb_path_is_safe(bad[i]));
    g_autofree char *longest = g_strnfill(5000, 'a');
    assert_false(deb_path_is_safe(longest));
}

#define T(name) cmocka_unit_test_setup_teardown(name, temp_setup, temp_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_release), cmocka_unit_test(the_suite_may_be_either_name),
        cmocka_unit_test(dates),           cmocka_unit_test(refuses_bad_releases),
        T(finds_the_newest_version),       T(finds_it_among_many),
        T(what_is_not_there_is_no_error),  T(refuses_bad_packages),
        T(refuses_a_stanza_without_end),   T(refuses_a_truncated_file),
        cmocka_unit_test(safe_paths),
    };
    return cmocka_run_group_tests_name("debian/release", tests, NULL, NULL);
}
