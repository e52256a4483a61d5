/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "server.h"
#include "support.h"

#include "debian/debian.h"

#include <sys/stat.h>
#include <unistd.h>

#define KERNEL "a kernel"
#define INITRD "an initrd"

struct fixture {
    char *dir, *cache;
    server *server;
    GBytes *iso;
    char sha256[65];
    struct media_spec spec;
    struct media_context context;
};

static GBytes *make_iso(const char *kernel)
{
    const struct member members[] = {{.path = "install.amd"},
                                     {.path = "install.amd/vmlinuz", .text = kernel},
                                     {.path = "install.amd/initrd.gz", .text = INITRD},
                                     {0}};
    return pack(PACK_ISO, members);
}

static int setup(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);
    *state = f;
    f->dir = files_temp_dir(g_get_tmp_dir(), "ingot-media", NULL);
    f->cache = under(f->dir, "cache");
    f->server = server_new();
    f->iso = make_iso(KERNEL);
    bytes_digest(f->iso, f->sha256);
    server_put_bytes(f->server, "/a/netinst.iso", f->iso);
    f->spec.kernel_glob = g_strdup("install.amd/vmlinuz");
    f->spec.initrd_glob = g_strdup("install.amd/initrd.gz");
    f->context.cache_dir = f->cache;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    server_free(f->server);
    media_spec_clear(&f->spec);
    files_remove_tree(f->dir);
    g_bytes_unref(f->iso);
    g_free(f->dir);
    g_free(f->cache);
    g_free(f);
    return 0;
}

static struct fixture *for_url(void **state)
{
    struct fixture *f = *state;
    f->spec.kind = MEDIA_URL;
    f->spec.url = server_url(f->server, "/a/netinst.iso");
    return f;
}

static struct fixture *for_path(void **state, const char *name)
{
    struct fixture *f = *state;
    f->spec.kind = MEDIA_LOCAL;
    f->spec.path = under(f->dir, name);
    return f;
}

static media_boot *fetch(struct fixture *f, GError **error)
{
    return media_fetch_within(&f->spec, &f->context, &quick_limits, error);
}

static media_boot *assert_comes(struct fixture *f, const char *kernel)
{
    g_autoptr(GError) error = NULL;
    media_boot *boot = fetch(f, &error);
    assert_no_error(error);
    g_autofree char *k = files_read(boot->kernel, 100, NULL, NULL);
    g_autofree char *i = files_read(boot->initrd, 100, NULL, NULL);
    assert_string_equal(k, kernel);
    assert_string_equal(i, INITRD);
    return boot;
}

static void assert_fails(struct fixture *f, const char *says)
{
    g_autoptr(GError) error = NULL;
    assert_null(fetch(f, &error));
    assert_error_says(error, INGOT_EXIT_MEDIA, says);
}

static const struct media_input *input(const media_boot *boot, guint i)
{
    assert_true(i < boot->inputs->len);
    return g_ptr_array_index(boot->inputs, i);
}

/* ---- a URL ---- */

static void url_with_digest(void **state)
{
    struct fixture *f = for_url(state);
    f->spec.sha256 = g_ascii_strup(f->sha256, -1);
    g_autoptr(media_boot) boot = assert_comes(f, KERNEL);
    assert_int_equal(boot->inputs->len, 3);
    assert_string_equal(input(boot, 0)->name, "netinst.iso");
    assert_string_equal(input(boot, 0)->origin, f->spec.url);
    assert_string_equal(input(boot, 0)->sha256, f->sha256);
    assert_int_equal(input(boot, 0)->size, g_bytes_get_size(f->iso));
    assert_string_equal(input(boot, 2)->origin, "install.amd/initrd.gz in netinst.iso");
    media_boot_free(assert_comes(f, KERNEL));
    f->context.offline = TRUE;
    media_boot_free(assert_comes(f, KERNEL));
    assert_int_equal(server_all_gets(f->server), 1);
}

static guint remove_media(const struct fixture *f)
{
    guint64 freed = 0;
    g_autoptr(GPtrArray) list = cached_list_new();
    media_list_cached(f->cache, list);
    return cached_remove_old(list, 0, &freed);
}

/* It is opened long after it was fetched. */
static void what_a_build_will_open_stays(void **state)
{
    struct fixture *f = for_url(state);
    f->spec.sha256 = g_strdup(f->sha256);
    media_boot *boot = assert_comes(f, KERNEL);
    g_autofree char *kernel = g_strdup(boot->kernel), *initrd = g_strdup(boot->initrd);
    remove_media(f);
    assert_true(g_file_test(kernel, G_FILE_TEST_EXISTS));
    assert_true(g_file_test(initrd, G_FILE_TEST_EXISTS));
    assert_int_equal(cache_entries(f->cache), 3); /* and the medium */
    media_boot_free(boot);
    assert_int_equal(remove_media(f), 3);
    assert_int_equal(cache_entries(f->cache), 0);
    media_boot_free(assert_comes(f, KERNEL)); /* what is gone comes again */
    assert_int_equal(server_all_gets(f->server), 2);
}

static void url_with_wrong_digest(void **state)
{
    struct fixture *f = for_url(state);
    f->spec.sha256 = g_strnfill(64, 'a');
    assert_fails(f, "netinst.iso from http://127.0.0.1:");
    assert_int_equal(cache_entries(f->cache) + cache_parts(f->cache), 0);
}

static void url_that_cannot_be_trusted(void **state)
{
    struct fixture *f = for_url(state);
    assert_fails(f, "has neither a digest nor a signature");
    f->spec.sha256 = g_strdup("abc");
    assert_fails(f, "“abc” is not a SHA-256 digest");
    g_clear_pointer(&f->spec.sha256, g_free);
    f->spec.signature = g_strdup("http://mirror.test/x.sig");
    assert_fails(f, "no keyring to verify it with");
    assert_int_equal(server_all_gets(f->server), 0);
}

static void url_of_a_file_works_offline(void **state)
{
    struct fixture *f = *state;
    g_autofree char *path = under(f->dir, "x.iso");
    write_bytes(path, f->iso);
    f->spec.kind = MEDIA_URL;
    f->spec.url = g_strconcat("file://", path, NULL);
    f->spec.sha256 = g_strdup(f->sha256);
    f->context.offline = TRUE;
    media_boot_free(assert_comes(f, KERNEL));
}

static void url_offline(void **state)
{
    struct fixture *f = for_url(state);
    f->spec.sha256 = g_strdup(f->sha256);
    f->context.offline = TRUE;
    assert_fails(f, "netinst.iso is not in the cache, and offline it cannot be fetched from");
    assert_int_equal(server_all_gets(f->server), 0);
}

static void url_keeps_its_password(void **state)
{
    struct fixture *f = for_url(state);
    g_autofree char *plain = g_steal_pointer(&f->spec.url);
    f->spec.url = g_strdup_printf("http://me:geheim@%s", plain + strlen("http://"));
    f->spec.sha256 = g_strdup(f->sha256);
    g_autoptr(media_boot) boot = assert_comes(f, KERNEL);
    assert_string_equal(input(boot, 0)->origin, plain);
}

static void url_with_signature(void **state)
{
    struct fixture *f = for_url(state);
    g_autofree char *path = under(f->dir, "x.iso");
    g_autofree char *sig = under(f->dir, "x.sig");
    signer *s = signer_new(f->dir);
    if (!s)
        skip();
    f->spec.keyring = signer_key(s, "good", FALSE);
    g_free(signer_key(s, "other", FALSE));
    write_bytes(path, f->iso);
    g_autoptr(GBytes) good = signer_detached(s, path, "good");
    g_autoptr(GBytes) bad = signer_detached(s, path, "other");
    signer_free(s);
    server_put_bytes(f->server, "/a/x.sig", bad);
    f->spec.signature = server_url(f->server, "/a/x.sig");
    assert_fails(f, "not in the keyring");
    assert_int_equal(cache_entries(f->cache) + cache_parts(f->cache), 0);
    server_put_bytes(f->server, "/a/x.sig", good);
    g_autoptr(media_boot) boot = assert_comes(f, KERNEL);
    assert_string_equal(input(boot, 0)->sha256, f->sha256);
    guint before = server_all_gets(f->server);
    f->context.offline = TRUE;
    media_boot_free(assert_comes(f, KERNEL));
    assert_int_equal(server_all_gets(f->server), before);
    f->context.offline = FALSE;
    g_autoptr(GBytes) evil = make_iso("an evil kernel");
    server_put_bytes(f->server, "/a/netinst.iso", evil);
    assert_fails(f, "is wrong");
    /* The other order: digest and signature, the latter a local file. */
    g_free(f->spec.signature);
    f->spec.signature = g_strdup(sig);
    f->spec.sha256 = g_strdup(f->sha256);
    write_bytes(sig, bad);
    assert_fails(f, "not in the keyring");
    write_bytes(sig, good);
    media_boot_free(assert_comes(f, KERNEL));
}

/* ---- a path ---- */

static void local_image(void **state)
{
    struct fixture *f = for_path(state, "x.iso");
    write_bytes(f->spec.path, f->iso);
    g_autoptr(media_boot) boot = assert_comes(f, KERNEL);
    assert_int_equal(boot->inputs->len, 3);
    assert_string_equal(input(boot, 0)->origin, f->spec.path);
    assert_string_equal(input(boot, 0)->sha256, f->sha256);
    f->spec.sha256 = g_strdup(f->sha256);
    f->context.offline = TRUE;
    media_boot_free(assert_comes(f, KERNEL));
    f->spec.sha256[0] = f->spec.sha256[0] == 'a' ? 'b' : 'a';
    assert_fails(f, "has the SHA-256");
}

/* A file that was changed in place is not taken for what it was. */
static void local_image_that_changes(void **state)
{
    struct fixture *f = for_path(state, "x.iso");
    write_bytes(f->spec.path, f->iso);
    media_boot_free(assert_comes(f, KERNEL));
    g_autoptr(GBytes) other = make_iso("b kernel");
    write_bytes(f->spec.path, other);
    media_boot_free(assert_comes(f, "b kernel"));
}

static void local_directory(void **state)
{
    struct fixture *f = for_path(state, "tree");
    g_autofree char *folder = under(f->spec.path, "install.amd");
    g_autofree char *kernel = under(folder, "vmlinuz"), *initrd = under(folder, "initrd.gz");
    assert_true(files_mkdir(folder, FALSE, NULL));
    assert_true(g_file_set_contents(kernel, KERNEL, -1, NULL));
    assert_true(g_file_set_contents(initrd, INITRD, -1, NULL));
    g_autoptr(media_boot) boot = assert_comes(f, KERNEL);
    assert_int_equal(boot->inputs->len, 2); /* it has no digest of its own */
    assert_string_equal(input(boot, 0)->sha256, boot->kernel_sha256);
    assert_true(g_file_set_contents(kernel, "b kernel", -1, NULL));
    media_boot_free(assert_comes(f, "b kernel"));
    f->spec.sha256 = g_strdup(f->sha256);
    assert_fails(f, "is a directory: it has no digest or signature of its own");
}

static void local_things_that_are_no_media(void **state)
{
    struct fixture *f = for_path(state, "x");
    assert_fails(f, "cannot read the medium");
    assert_int_equal(mkfifo(f->spec.path, 0600), 0);
    assert_fails(f, "is neither a file, a directory nor a block device");
    assert_int_equal(unlink(f->spec.path), 0);
    assert_true(g_file_set_contents(f->spec.path, "words", -1, NULL));
    assert_fails(f, "cannot read ");
    assert_true(g_file_set_contents(f->spec.path, "", -1, NULL));
    assert_fails(f, f->spec.path);
}

static void without_globs(void **state)
{
    struct fixture *f = for_path(state, "x");
    g_clear_pointer(&f->spec.kernel_glob, g_free);
    assert_fails(f, "the paths of the kernel and the initrd are not known");
}

/* A second run reads nothing but what the first took out. */
static void extracts_once(void **state)
{
    struct fixture *f = for_url(state);
    f->spec.sha256 = g_strdup(f->sha256);
    g_autoptr(media_boot) one = assert_comes(f, KERNEL);
    struct stat before, after;
    assert_int_equal(stat(one->kernel, &before), 0);
    g_autoptr(media_boot) two = assert_comes(f, KERNEL);
    assert_string_equal(one->kernel, two->kernel);
    assert_int_equal(stat(two->kernel, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    /* A damaged one is taken out again. */
    assert_int_equal(unlink(one->kernel), 0);
    assert_true(g_file_set_contents(one->kernel, "z kernel", -1, NULL));
    media_boot_free(assert_comes(f, KERNEL));
    /* Another path inside is another file. */
    g_free(f->spec.kernel_glob);
    f->spec.kernel_glob = g_strdup("install.amd/linux");
    assert_fails(f, "no file in netinst.iso matches the kernel path install.amd/linux");
}

static void a_cache_that_cannot_be_made(void **state)
{
    struct fixture *f = for_url(state);
    g_autoptr(GError) error = NULL;
    g_autofree char *path = under(f->dir, "file"), *cache = under(path, "cache");
    assert_true(g_file_set_contents(path, "", -1, NULL));
    f->context.cache_dir = cache;
    f->spec.sha256 = g_strdup(f->sha256);
    assert_null(fetch(f, &error));
    assert_non_null(strstr(error->message, cache));
}

/* ---- the real thing ---- */

static void from_a_real_mirror(void **state)
{
    struct fixture *f = *state;
    const char *mirror = g_getenv("INGOT_MIRROR");
    static const char keyring[] = "/usr/share/keyrings/debian-archive-keyring.gpg";
    if (!mirror || !g_file_test(keyring, G_FILE_TEST_EXISTS)) {
        print_message("# skipped: %s\n", mirror ? "there is no debian-archive-keyring here"
                                                : "INGOT_MIRROR names no mirror to fetch from");
        skip();
    }
    static const char package[] = "debian-installer-13-netboot-amd64";
    struct media_spec spec = {.kind = MEDIA_PACKAGE,
                              .source = &deb_source,
                              .mirror = (char *)mirror,
                              .suite = (char *)"trixie",
                              .arch = (char *)"amd64",
                              .package = (char *)package,
                              .keyring = (char *)keyring,
                              .kernel_glob = (char *)"*/text/debian-installer/amd64/linux",
                              .initrd_glob = (char *)"*/text/debian-installer/amd64/initrd.gz"};
    double took[3];
    char *kernels[3];
    for (int i = 0; i < 3; i++) {
        g_autoptr(GError) error = NULL;
        gint64 began = g_get_monotonic_time();
        f->context.offline = i == 2;
        g_autoptr(media_boot) boot = media_fetch(&spec, &f->context, &error);
        assert_no_error(error);
        took[i] = (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
        kernels[i] = g_strdup(boot->kernel_sha256);
        assert_true(input(boot, 4)->size > 10u << 20);
        /* "HdrS" at 0x202: Documentation/arch/x86/boot.rst; gzip's magic: RFC 1952, 2.3.1 */
        gsize length = 0;
        g_autofree char *kernel = files_read(boot->kernel, 64u << 20, &length, NULL);
        g_autofree char *initrd = files_read(boot->initrd, 256u << 20, NULL, NULL);
        assert_true(length > 0x206 && memcmp(kernel + 0x202, "HdrS", 4) == 0);
        assert_memory_equal(initrd, "\x1f\x8b", 2);
    }
    print_message("# cold %.1f s, warm %.2f s, offline %.2f s\n", took[0], took[1], took[2]);
    assert_string_equal(kernels[0], kernels[1]);
    assert_string_equal(kernels[0], kernels[2]);
    assert_true(took[1] < took[0]);
    for (int i = 0; i < 3; i++)
        g_free(kernels[i]);
}

/* It is proven as ever, and nothing is taken out of it. */
static void whole(void **state)
{
    struct fixture *f = for_url(state);
    g_autoptr(GError) error = NULL, wrong = NULL;
    f->spec.whole = TRUE;
    f->spec.sha256 = g_strdup(f->sha256);
    g_clear_pointer(&f->spec.kernel_glob, g_free);
    g_autoptr(media_boot) boot = media_fetch(&f->spec, &f->context, &error);
    assert_no_error(error);
    assert_null(boot->kernel);
    assert_null(boot->initrd);
    assert_string_equal(boot->medium_sha256, f->sha256);
    assert_int_equal(boot->inputs->len, 1);
    g_autofree char *data = NULL;
    gsize length = 0;
    assert_true(g_file_get_contents(boot->medium, &data, &length, NULL));
    assert_int_equal(length, g_bytes_get_size(f->iso));
    f->spec.sha256[0] = f->spec.sha256[0] == '0' ? '1' : '0';
    assert_null(media_fetch(&f->spec, &f->context, &wrong));
    assert_non_null(wrong);
}

static void whole_that_cannot_boot(void **state)
{
    struct fixture *f = for_path(state, "x.tar");
    g_autoptr(GError) no_iso = NULL, folder = NULL;
    f->spec.whole = TRUE;
    assert_true(g_file_set_contents(f->spec.path, "no image", -1, NULL));
    assert_null(media_fetch(&f->spec, &f->context, &no_iso));
    assert_error_says(no_iso, INGOT_EXIT_MEDIA, "is not an ISO 9660 image");
    g_free(f->spec.path);
    f->spec.path = g_strdup(f->dir);
    assert_null(media_fetch(&f->spec, &f->context, &folder));
    assert_error_says(folder, INGOT_EXIT_MEDIA, "is not an ISO 9660 image");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(url_with_digest),
        T(what_a_build_will_open_stays),
        T(url_with_wrong_digest),
        T(url_that_cannot_be_trusted),
        T(url_of_a_file_works_offline),
        T(url_offline),
        T(url_keeps_its_password),
        T(url_with_signature),
        T(local_image),
        T(local_image_that_changes),
        T(local_directory),
        T(local_things_that_are_no_media),
        T(without_globs),
        T(extracts_once),
        T(whole),
        T(whole_that_cannot_boot),
        T(a_cache_that_cannot_be_made),
        T(from_a_real_mirror),
    };
    g_unsetenv("http_proxy");
    g_unsetenv("all_proxy");
    return cmocka_run_group_tests_name("media/media", tests, NULL, NULL);
}
