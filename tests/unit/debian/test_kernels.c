/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../media/server.h"
#include "../media/keys.h"

#include "debian/debian.h"

#include <string.h>

/* An archive with installer components for some kernels, and kernels that say their version. */

#define COMPONENT "main/debian-installer"
#define INDEX     COMPONENT "/binary-amd64/Packages.xz"
#define VERSION   "6.12.117+deb13-amd64"
#define REMEDY    "take another one"

struct archive {
    char *dir, *cache, *mirror, *kernel;
    server *server;
    const char *signed_by;
};

static int setup(void **state)
{
    struct archive *a = g_new0(struct archive, 1);
    *state = a;
    a->dir = files_temp_dir(g_get_tmp_dir(), "ingot-modules", NULL);
    a->cache = under(a->dir, "cache");
    a->kernel = under(a->dir, "linux");
    a->server = server_new();
    a->mirror = server_url(a->server, "/debian");
    a->signed_by = "good";
    return 0;
}

static int teardown(void **state)
{
    struct archive *a = *state;
    server_free(a->server);
    files_remove_tree(a->dir);
    g_free(a->dir);
    g_free(a->cache);
    g_free(a->mirror);
    g_free(a->kernel);
    g_free(a);
    return 0;
}

/* ---- kernels: Documentation/arch/x86/boot.rst, "Details of Header Fields" ---- */

#define SECTS   4
#define POINTER 0x300 /* of the version, less 0x200 */

static void put_kernel(const struct archive *a, const char *magic, guint pointer, const char *text)
{
    guint8 image[(SECTS + 1) * 512];
    memset(image, 'x', sizeof image);
    image[0x1F1] = SECTS;
    memcpy(image + 0x202, magic, 4);
    image[0x206] = 0x0f;
    image[0x207] = 0x02;
    image[0x20E] = (guint8)pointer;
    image[0x20F] = (guint8)(pointer >> 8);
    if (pointer + 0x200 < sizeof image)
        strncpy((char *)image + pointer + 0x200, text, sizeof image - pointer - 0x200);
    assert_true(g_file_set_contents(a->kernel, (char *)image, sizeof image, NULL));
}

static void good_kernel(const struct archive *a)
{
    put_kernel(a, "HdrS", POINTER, VERSION " (debian-kernel@lists.debian.org) #1 SMP");
}

/* ---- the archive ---- */

static void publish(struct archive *a, const char *const *kernels)
{
    char hex[65];
    g_autoptr(GString) text = g_string_new("Package: anna\nVersion: 1\nArchitecture: amd64\n");
    if (!shared.signer)
        skip();
    for (; *kernels; kernels++)
        g_string_append_printf(text,
                               "\nPackage: ext4-modules-%s-di\nVersion: 1\nArchitecture: amd64\n"
                               "Kernel-Version: %s\n",
                               *kernels, *kernels);
    g_autoptr(GBytes) index = squeeze(".xz", text->str, text->len);
    bytes_digest(index, hex);
    server_put_bytes(a->server, "/debian/dists/trixie/" INDEX, index);
    g_autofree char *release =
        g_strdup_printf("Suite: stable\nCodename: trixie\nSHA256:\n %s %zu " INDEX "\n", hex,
                        g_bytes_get_size(index));
    g_autoptr(GBytes) proved = a->signed_by
                                   ? signer_clear(shared.signer, release, a->signed_by, NULL)
                                   : g_bytes_new(release, strlen(release));
    server_put_bytes(a->server, "/debian/dists/trixie/InRelease", proved);
}

static gboolean check(const struct archive *a, GCancellable *cancel, GError **error)
{
    const struct media_modules modules = {.source = &deb_source,
                                          .mirror = a->mirror,
                                          .suite = "trixie",
                                          .arch = "amd64",
                                          .component = COMPONENT,
                                          .keyring = shared.keyring,
                                          .remedy = REMEDY};
    const struct media_context context = {.cache_dir = a->cache, .cancel = cancel};
    return media_check_modules(&modules, a->kernel, &context, error);
}

static void assert_goes_on(const struct archive *a)
{
    g_autoptr(GError) error = NULL;
    assert_true(check(a, NULL, &error));
    assert_no_error(error);
}

static void assert_refused(const struct archive *a, const char *says)
{
    g_autoptr(GError) error = NULL;
    assert_false(check(a, NULL, &error));
    assert_error_says(error, INGOT_EXIT_MEDIA, says);
    assert_string_equal(ingot_error_hint(error), REMEDY);
}

static void modules_are_there(void **state)
{
    struct archive *a = *state;
    good_kernel(a);
    publish(a, (const char *[]){"6.12.107+deb13-amd64", VERSION, NULL});
    assert_goes_on(a);
    assert_int_equal(server_gets(a->server, "/debian/dists/trixie/" INDEX), 1);
}

static void of_others_only(void **state)
{
    struct archive *a = *state;
    good_kernel(a);
    publish(a, (const char *[]){"6.12.107+deb13-amd64", "6.12.107+deb13-amd64", VERSION "x",
                                "6.12.11", NULL});
    assert_refused(a, "no modules for the installer's kernel " VERSION
                      ", only for 6.12.107+deb13-amd64 " VERSION "x 6.12.11");
}

static void of_none(void **state)
{
    struct archive *a = *state;
    good_kernel(a);
    publish(a, (const char *[]){NULL});
    assert_refused(a, "no modules for the installer's kernel " VERSION ", nor for any other");
}

/* What is not proved refuses nothing. */
static void index_cannot_be_had(void **state)
{
    struct archive *a = *state;
    static const char *const other[] = {"6.12.107+deb13-amd64", NULL};
    good_kernel(a);
    assert_goes_on(a); /* no archive at all */
    a->signed_by = "other";
    publish(a, other);
    assert_goes_on(a);
    a->signed_by = NULL;
    publish(a, other);
    assert_goes_on(a);
    a->signed_by = "good";
    publish(a, other);
    server_put(a->server, "/debian/dists/trixie/" INDEX, "evil", 4);
    assert_goes_on(a);
    server_remove(a->server, "/debian/dists/trixie/" INDEX);
    assert_goes_on(a);
    publish(a, other);
    assert_refused(a, "only for 6.12.107");
}

/* Nothing is asked for then. */
static void kernel_without_a_version(void **state)
{
    struct archive *a = *state;
    static const struct {
        const char *magic;
        guint pointer;
        const char *text;
    } images[] = {{"HdrX", POINTER, VERSION " x"},
                  {"HdrS", 0, VERSION " x"},
                  {"HdrS", SECTS * 0x200, VERSION " x"},
                  {"HdrS", 0xffff, VERSION " x"},
                  {"HdrS", POINTER, ""},
                  {"HdrS", POINTER, "6.12\001 x"}};
    publish(a, (const char *[]){"6.12.107+deb13-amd64", NULL});
    assert_goes_on(a); /* no kernel at all */
    for (gsize i = 0; i < G_N_ELEMENTS(images); i++) {
        put_kernel(a, images[i].magic, images[i].pointer, images[i].text);
        assert_goes_on(a);
    }
    assert_true(g_file_set_contents(a->kernel, "short", -1, NULL));
    assert_goes_on(a);
    assert_int_equal(server_all_gets(a->server), 0);
}

static void cancelled(void **state)
{
    struct archive *a = *state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    good_kernel(a);
    publish(a, (const char *[]){VERSION, NULL});
    g_cancellable_cancel(cancel);
    assert_false(check(a, cancel, &error));
    assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(modules_are_there),   T(of_others_only),           T(of_none),
        T(index_cannot_be_had), T(kernel_without_a_version), T(cancelled)};
    g_unsetenv("http_proxy");
    g_unsetenv("all_proxy");
    return cmocka_run_group_tests_name("debian/kernels", tests, make_keys, drop_keys);
}
