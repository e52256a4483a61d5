/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../media/server.h"
#include "../media/keys.h"

#include "base/spawn.h"
#include "debian/debian.h"

#include <unistd.h>

/* A Debian archive of one package, served from loopback and signed with throw-away keys. */

#define INDEX "main/binary-amd64/Packages"

struct archive {
    char *dir, *cache;
    server *server;
    GBytes *deb, *release;
    char deb_sha256[65];
    GCancellable *cancel;
    struct media_spec spec;
    struct media_context context;
    const struct media_limits *limits;
    /* what publish makes of it */
    const char *signed_by, *fields, *packages;
    gboolean by_hash;
};

static GBytes *make_deb(void)
{
    g_autoptr(GBytes) initrd = noise(300000, 11);
    const struct member members[] = {
        {.path = "./usr/lib/images/text/linux", .text = "a kernel"},
        {.path = "./usr/lib/images/text/initrd.gz", .data = initrd},
        {.path = "./usr/lib/images/gtk/initrd.gz", .text = "a large initrd"},
        {0}};
    return pack(PACK_DEB, members);
}

static int setup(void **state)
{
    struct archive *a = g_new0(struct archive, 1);
    *state = a;
    a->dir = files_temp_dir(g_get_tmp_dir(), "ingot-apt", NULL);
    a->cache = under(a->dir, "cache");
    a->server = server_new();
    a->deb = make_deb();
    bytes_digest(a->deb, a->deb_sha256);
    a->cancel = g_cancellable_new();
    a->limits = &quick_limits;
    a->signed_by = "good";
    a->fields = "";
    a->spec = (struct media_spec){.kind = MEDIA_PACKAGE,
                                  .source = &deb_source,
                                  .mirror = server_url(a->server, "/debian/"),
                                  .suite = g_strdup("trixie"),
                                  .arch = g_strdup("amd64"),
                                  .package = g_strdup("installer-13"),
                                  .keyring = g_strdup(shared.keyring),
                                  .kernel_glob = g_strdup("*/text/linux"),
                                  .initrd_glob = g_strdup("*/text/initrd.gz")};
    a->context = (struct media_context){.cache_dir = a->cache, .cancel = a->cancel};
    return 0;
}

static int teardown(void **state)
{
    struct archive *a = *state;
    server_free(a->server);
    media_spec_clear(&a->spec);
    files_remove_tree(a->dir);
    g_bytes_unref(a->deb);
    g_clear_pointer(&a->release, g_bytes_unref);
    g_object_unref(a->cancel);
    g_free(a->dir);
    g_free(a->cache);
    g_free(a);
    return 0;
}

static void put(struct archive *a, const char *path, GBytes *bytes)
{
    g_autofree char *full = g_strconcat("/debian/", path, NULL);
    server_put_bytes(a->server, full, bytes);
}

static void put_index(struct archive *a, GString *release, const char *suffix, const char *text)
{
    char hex[65];
    g_autoptr(GBytes) bytes = squeeze(suffix, text, strlen(text));
    g_autofree char *path = g_strconcat("dists/trixie/" INDEX, suffix, NULL);
    bytes_digest(bytes, hex);
    g_string_append_printf(release, " %s %zu " INDEX "%s\n", hex, g_bytes_get_size(bytes), suffix);
    g_autofree char *by_hash =
        g_strdup_printf("dists/trixie/main/binary-amd64/by-hash/SHA256/%s", hex);
    if (a->by_hash)
        put(a, by_hash, bytes);
    else
        put(a, path, bytes);
}

static struct server_file *put_release(struct archive *a, GBytes *release)
{
    return server_put_bytes(a->server, "/debian/dists/trixie/InRelease", release);
}

static GBytes *sign(const struct archive *a, const char *text)
{
    if (!a->signed_by)
        return g_bytes_new(text, strlen(text));
    return signer_clear(shared.signer, text, a->signed_by, NULL);
}

/* Puts everything on the server. */
static void publish(struct archive *a)
{
    if (!shared.signer)
        skip();
    g_autofree char *usual =
        g_strdup_printf("Package: installer-13\nVersion: 1.0+x\nArchitecture: all\n"
                        "Filename: pool/main/i/installer-13_1.0+x_all.deb\nSize: %zu\nSHA256: %s\n",
                        g_bytes_get_size(a->deb), a->deb_sha256);
    const char *packages = a->packages ? a->packages : usual;
    g_autoptr(GString) release = g_string_new("Suite: stable\nCodename: trixie\n");
    g_string_append_printf(release, "%s%sSHA256:\n", a->fields,
                           a->by_hash ? "Acquire-By-Hash: yes\n" : "");
    put_index(a, release, "", packages);
    put_index(a, release, ".gz", packages);
    put_index(a, release, ".xz", packages);
    put(a, "pool/main/i/installer-13_1.0+x_all.deb", a->deb);
    g_clear_pointer(&a->release, g_bytes_unref); /* of an earlier publication */
    a->release = sign(a, release->str);
    put_release(a, a->release);
}

static media_boot *fetch(struct archive *a, GError **error)
{
    return media_fetch_within(&a->spec, &a->context, a->limits, error);
}

static void assert_comes(struct archive *a)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(media_boot) boot = fetch(a, &error);
    assert_no_error(error);
    g_autofree char *kernel = files_read(boot->kernel, 100, NULL, NULL);
    assert_string_equal(kernel, "a kernel");
    assert_true(g_str_has_prefix(boot->kernel, a->cache));
    char hex[65];
    assert_true(digest_file(boot->initrd, hex, NULL, NULL, NULL));
    assert_string_equal(hex, boot->initrd_sha256);
    assert_int_equal(cache_parts(a->cache), 0);
}

/* It fails, says so, and leaves at most so many proven entries in the cache. */
static void assert_fails(struct archive *a, guint entries, const char *says)
{
    g_autoptr(GError) error = NULL;
    assert_null(fetch(a, &error));
    assert_error_says(error, INGOT_EXIT_MEDIA, says);
    assert_int_equal(cache_entries(a->cache), entries);
    g_autofree char *tmp = under(a->cache, "media", "tmp");
    g_autoptr(GDir) dir = g_dir_open(tmp, 0, NULL);
    assert_true(!dir || !g_dir_read_name(dir));
}

static guint gets(const struct archive *a, const char *path)
{
    g_autofree char *full = g_strconcat("/debian/", path, NULL);
    return server_gets(a->server, full);
}

#define DEB "pool/main/i/installer-13_1.0+x_all.deb"

static void good_path(void **state)
{
    struct archive *a = *state;
    g_autoptr(GError) error = NULL;
    publish(a);
    g_autoptr(media_boot) boot = fetch(a, &error);
    assert_no_error(error);
    static const char *const names[] = {"InRelease", INDEX ".xz", "installer-13_1.0+x_all.deb",
                                        "kernel", "initrd"};
    assert_int_equal(boot->inputs->len, G_N_ELEMENTS(names));
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        const struct media_input *input = g_ptr_array_index(boot->inputs, i);
        assert_string_equal(input->name, names[i]);
        assert_true(digest_is_hex(input->sha256) && input->size);
    }
    const struct media_input *deb = g_ptr_array_index(boot->inputs, 2);
    g_autofree char *url = server_url(a->server, "/debian/" DEB);
    assert_string_equal(deb->origin, url);
    assert_string_equal(deb->sha256, a->deb_sha256);
    const struct media_input *kernel = g_ptr_array_index(boot->inputs, 3);
    assert_string_equal(kernel->sha256, boot->kernel_sha256);
    assert_string_equal(kernel->origin, "usr/lib/images/text/linux in installer-13_1.0+x_all.deb");
    assert_int_equal(cache_entries(a->cache), 5);
    assert_comes(a);
    assert_int_equal(gets(a, DEB), 1);
    assert_int_equal(gets(a, "dists/trixie/" INDEX ".xz"), 1);
    assert_int_equal(gets(a, "dists/trixie/InRelease"), 2);
}

static void by_hash(void **state)
{
    struct archive *a = *state;
    a->by_hash = TRUE; /* and only so: the plain names are not there */
    publish(a);
    assert_comes(a);
}

static void by_hash_that_the_mirror_lacks(void **state)
{
    struct archive *a = *state;
    a->fields = "Acquire-By-Hash: yes\n";
    publish(a);
    assert_comes(a);
}

static void other_forms_of_the_index(void **state)
{
    struct archive *a = *state;
    publish(a);
    server_remove(a->server, "/debian/dists/trixie/" INDEX ".xz");
    assert_comes(a);
    assert_int_equal(gets(a, "dists/trixie/" INDEX ".gz"), 1);
    server_remove(a->server, "/debian/dists/trixie/" INDEX ".gz");
    files_remove_tree(a->cache);
    assert_comes(a);
    server_remove(a->server, "/debian/dists/trixie/" INDEX);
    files_remove_tree(a->cache);
    assert_fails(a, 1, "Packages.xz");
}

static void tampered_packages(void **state)
{
    struct archive *a = *state;
    publish(a);
    g_autoptr(GBytes) evil = squeeze(".xz", "Package: installer-13\n", 22);
    put(a, "dists/trixie/" INDEX ".xz", evil);
    assert_fails(a, 1, "Packages.xz from http://127.0.0.1:");
    assert_int_equal(cache_parts(a->cache), 0);
    assert_int_equal(gets(a, DEB), 0);
}

static GBytes *damaged(GBytes *bytes)
{
    gsize size = 0;
    guint8 *data = g_memdup2(g_bytes_get_data(bytes, &size), g_bytes_get_size(bytes));
    data[size / 2] ^= 1;
    return g_bytes_new_take(data, size);
}

static void tampered_deb(void **state)
{
    struct archive *a = *state;
    publish(a);
    g_autoptr(GBytes) evil = damaged(a->deb);
    put(a, DEB, evil);
    assert_fails(a, 2, "has the SHA-256");
    assert_int_equal(cache_parts(a->cache), 0);
}

static void a_deb_of_another_size(void **state)
{
    struct archive *a = *state;
    publish(a);
    g_autoptr(GBytes) half = g_bytes_new_from_bytes(a->deb, 0, g_bytes_get_size(a->deb) / 2);
    put(a, DEB, half);
    assert_fails(a, 2, "installer-13_1.0+x_all.deb");
    gsize size = g_bytes_get_size(a->deb);
    guint8 *more = g_malloc0(size + 10);
    memcpy(more, g_bytes_get_data(a->deb, NULL), size);
    g_autoptr(GBytes) longer = g_bytes_new_take(more, size + 10);
    put(a, DEB, longer);
    assert_fails(a, 2, "installer-13_1.0+x_all.deb");
}

static void stale(void **state)
{
    struct archive *a = *state;
    a->fields = "Valid-Until: Sat, 12 Sep 2020 07:55:41 UTC\n";
    publish(a);
    assert_fails(a, 0, "was valid until Sat, 12 Sep 2020");
    assert_int_equal(cache_parts(a->cache), 0);
}

static void from_the_future(void **state)
{
    struct archive *a = *state;
    a->fields = "Date: Sat, 12 Sep 2099 07:55:41 UTC\n";
    publish(a);
    assert_comes(a);
}

/* The clock of this machine is what it is here; a Release file that was verified is of later. */
static void clock_set_back(void **state)
{
    struct archive *a = *state;
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autoptr(GDateTime) later = g_date_time_add_days(now, 20);
    g_autoptr(GDateTime) until = g_date_time_add_days(now, 10);
    g_autofree char *dated = g_date_time_format(later, "Date: %Y%m%d %H:%M:%S UTC\n");
    g_autofree char *expired = g_date_time_format(until, "Valid-Until: %Y%m%d %H:%M:%S UTC\n");
    a->fields = expired;
    publish(a);
    assert_comes(a);
    a->fields = dated;
    publish(a);
    assert_comes(a);
    a->fields = expired;
    publish(a);
    assert_fails(a, cache_entries(a->cache), "was valid until");
}

static void unsigned_release(void **state)
{
    struct archive *a = *state;
    a->signed_by = NULL;
    publish(a);
    assert_fails(a, 0, "InRelease of trixie from http://127.0.0.1:");
    assert_int_equal(cache_parts(a->cache), 0);
}

static void signed_by_another_key(void **state)
{
    struct archive *a = *state;
    a->signed_by = "other";
    publish(a);
    assert_fails(a, 0, "not in the keyring");
}

static void another_suite(void **state)
{
    struct archive *a = *state;
    publish(a);
    server_put_bytes(a->server, "/debian/dists/sid/InRelease", a->release);
    g_free(a->spec.suite);
    a->spec.suite = g_strdup("sid");
    assert_fails(a, 0, "of suite “stable”, codename “trixie”, not of “sid”");
}

/* An InRelease with text around the signed part that points to another index. */
static void text_around_the_signed_part(void **state)
{
    struct archive *a = *state;
    publish(a);
    static const char evil[] =
        "Suite: stable\nCodename: trixie\nSHA256:\n "
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 " INDEX ".xz\n\n";
    gsize size = 0;
    const char *text = g_bytes_get_data(a->release, &size);
    g_autofree char *good = g_strndup(text, size);
    g_autofree char *before = g_strconcat(evil, good, NULL);
    g_autofree char *after = g_strconcat(good, "\n", evil, NULL);
    const char *const texts[] = {before, after};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GBytes) bytes = g_bytes_new(texts[i], strlen(texts[i]));
        g_autoptr(GError) error = NULL;
        put_release(a, bytes);
        files_remove_tree(a->cache);
        g_autoptr(media_boot) boot = fetch(a, &error);
        if (boot) {
            const struct media_input *index = g_ptr_array_index(boot->inputs, 1);
            assert_true(index->size > 0);
        } else {
            assert_error_says(error, INGOT_EXIT_MEDIA, "InRelease");
        }
    }
}

static void truncated_release(void **state)
{
    struct archive *a = *state;
    publish(a);
    g_autoptr(GBytes) half =
        g_bytes_new_from_bytes(a->release, 0, g_bytes_get_size(a->release) / 2);
    put_release(a, half);
    assert_fails(a, 0, "InRelease");
    assert_int_equal(cache_parts(a->cache), 0);
}

static void a_mirror_that_stops_in_the_middle(void **state)
{
    static const struct media_limits one = {
        .attempts = 1, .connect_ms = 10000, .stall_s = 1, .stall_rate = 1u << 30};
    struct archive *a = *state;
    publish(a);
    struct server_file *deb = server_put_bytes(a->server, "/debian/" DEB, a->deb);
    deb->etag = g_strdup("\"one\"");
    deb->trick = TRICK_STALL;
    a->limits = &one;
    assert_fails(a, 2, "installer-13_1.0+x_all.deb");
    assert_int_equal(cache_parts(a->cache), 1);
    deb->trick = TRICK_NONE;
    deb->sent = 0;
    a->limits = &quick_limits;
    assert_comes(a); /* from where it stopped */
    assert_true(deb->sent < g_bytes_get_size(a->deb));
}

static void digests_in_capitals(void **state)
{
    struct archive *a = *state;
    g_autofree char *upper = g_ascii_strup(a->deb_sha256, -1);
    g_autofree char *packages =
        g_strdup_printf("Package: installer-13\nVersion: 1\nArchitecture: amd64\nFilename: " DEB
                        "\nSize: %zu\nSHA256: %s\n",
                        g_bytes_get_size(a->deb), upper);
    a->packages = packages;
    publish(a);
    assert_comes(a);
    assert_comes(a);
    assert_int_equal(gets(a, DEB), 1);
}

static void no_such_package(void **state)
{
    struct archive *a = *state;
    a->packages = "Package: other\nVersion: 1\nArchitecture: amd64\n";
    publish(a);
    assert_fails(a, 2, "has no package installer-13 for amd64");
}

static void nothing_there(void **state)
{
    struct archive *a = *state;
    if (!shared.signer)
        skip();
    assert_fails(a, 0, "answered 404 (not found)");
}

static void offline(void **state)
{
    struct archive *a = *state;
    publish(a);
    a->context.offline = TRUE;
    assert_fails(a, 0, "InRelease is not in the cache");
    assert_int_equal(server_all_gets(a->server), 0);
    a->context.offline = FALSE;
    assert_comes(a);
    guint before = server_all_gets(a->server);
    a->context.offline = TRUE;
    assert_comes(a);
    assert_int_equal(server_all_gets(a->server), before);
    g_autofree char *deb = under(a->cache, "media", "sha256",
                                 (char[]){a->deb_sha256[0], a->deb_sha256[1], 0}, a->deb_sha256);
    assert_int_equal(unlink(deb), 0);
    assert_fails(a, 4, "installer-13_1.0+x_all.deb is not in the cache");
}

/* What lies in the cache is proven again, with the keyring of today. */
static void offline_still_verifies(void **state)
{
    struct archive *a = *state;
    publish(a);
    assert_comes(a);
    a->context.offline = TRUE;
    g_free(a->spec.keyring);
    a->spec.keyring = under(shared.dir, "gnupg", "other.gpg");
    assert_fails(a, 5, "not in the keyring");
}

static void release_that_did_not_change(void **state)
{
    struct archive *a = *state;
    publish(a);
    struct server_file *f = put_release(a, a->release);
    f->etag = g_strdup("\"one\"");
    f->modified = g_strdup("Sat, 12 Sep 2026 07:55:41 GMT");
    assert_comes(a);
    guint64 sent = f->sent;
    assert_comes(a);
    assert_int_equal(f->gets, 2);
    assert_int_equal(f->sent, sent);
}

static void words_that_are_no_names(void **state)
{
    static const char *const words[] = {"",    "..",   "../x", "a/../b", "/a",       "a b",  "a?b",
                                        "a#b", "a%2e", "-a",   "a\n",    "\303\244", "a//b", "a/"};
    struct archive *a = *state;
    char **const texts[] = {&a->spec.suite, &a->spec.components, &a->spec.arch, &a->spec.package};
    if (!shared.signer)
        skip();
    for (gsize t = 0; t < G_N_ELEMENTS(texts); t++) {
        char *before = *texts[t];
        for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
            if (texts[t] == &a->spec.components && strcmp(words[i], "a b") == 0)
                continue; /* two of them */
            *texts[t] = g_strdup(words[i]);
            assert_fails(a, 0, "of a Debian archive");
            g_free(*texts[t]);
        }
        *texts[t] = before;
    }
    assert_int_equal(server_all_gets(a->server), 0);
    g_clear_pointer(&a->spec.mirror, g_free);
    assert_fails(a, 0, "no mirror is known for installer-13");
}

/* ---- two at once ---- */

static GSubprocess *start_child(const struct archive *a)
{
    const char *const argv[] = {"/proc/self/exe", "fetch",  a->spec.mirror,
                                a->spec.keyring,  a->cache, NULL};
    GSubprocess *child = spawn_start(argv, G_SUBPROCESS_FLAGS_NONE, NULL);
    assert_non_null(child);
    return child;
}

static int child_main(char **argv)
{
    g_autoptr(GError) error = NULL;
    struct media_spec spec = {.kind = MEDIA_PACKAGE,
                              .source = &deb_source,
                              .mirror = argv[2],
                              .suite = (char *)"trixie",
                              .arch = (char *)"amd64",
                              .package = (char *)"installer-13",
                              .keyring = argv[3],
                              .kernel_glob = (char *)"*/text/linux",
                              .initrd_glob = (char *)"*/text/initrd.gz"};
    struct media_context context = {.cache_dir = argv[4]};
    g_autoptr(media_boot) boot = media_fetch(&spec, &context, &error);
    if (!boot)
        g_printerr("# %s\n", error->message);
    return boot ? 0 : 1;
}

static void two_processes_fetch_once(void **state)
{
    struct archive *a = *state;
    publish(a);
    struct server_file *deb = server_put_bytes(a->server, "/debian/" DEB, a->deb);
    deb->trick = TRICK_HOLD;
    g_autoptr(GSubprocess) one = start_child(a);
    g_autoptr(GSubprocess) two = start_child(a);
    assert_true(g_subprocess_wait_check(one, NULL, NULL));
    assert_true(g_subprocess_wait_check(two, NULL, NULL));
    assert_int_equal(gets(a, DEB), 1);
    assert_int_equal(gets(a, "dists/trixie/" INDEX ".xz"), 1);
    assert_int_equal(cache_entries(a->cache), 5);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        T(good_path),
        T(by_hash),
        T(by_hash_that_the_mirror_lacks),
        T(other_forms_of_the_index),
        T(tampered_packages),
        T(tampered_deb),
        T(a_deb_of_another_size),
        T(stale),
        T(from_the_future),
        T(clock_set_back),
        T(unsigned_release),
        T(signed_by_another_key),
        T(another_suite),
        T(text_around_the_signed_part),
        T(truncated_release),
        T(a_mirror_that_stops_in_the_middle),
        T(digests_in_capitals),
        T(no_such_package),
        T(nothing_there),
        T(offline),
        T(offline_still_verifies),
        T(release_that_did_not_change),
        T(words_that_are_no_names),
        T(two_processes_fetch_once),
    };
    g_unsetenv("http_proxy");
    g_unsetenv("all_proxy");
    if (argc == 5 && g_str_equal(argv[1], "fetch"))
        return child_main(argv);
    return cmocka_run_group_tests_name("debian/lookup", tests, make_keys, drop_keys);
}
