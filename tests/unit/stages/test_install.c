/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../media/keys.h"
#include "sample.h"

#include "stages/installation.h"
#include "stages/unpack.h"

#include <string.h>

/* What the installation knows and asks before there is a machine. */

static const char *const none[] = {NULL};

static int setup(void **state)
{
    return folder_make("ingot-install") == 0 ? make_keys(state) : -1;
}

static int teardown(void **state)
{
    (void)drop_keys(state);
    return folder_remove(state);
}

static const stage *install_stage(void)
{
    for (const stage *const *s = stages_table(); *s; s++)
        if (strcmp((*s)->name, "install") == 0)
            return *s;
    fail_msg("there is no stage 'install'");
    return NULL;
}

/* ---- modules of the installer's kernel ---- */

#define OTHER "Package: x\nVersion: 1\nKernel-Version: 6.12.1+other-amd64\n"
#define INDEX "main/debian-installer/binary-amd64/Packages"

static char *put(const char *path, const char *text, gsize length)
{
    char *full = g_build_filename(folder, path, NULL);
    g_autofree char *parent = g_path_get_dirname(full);
    assert_true(files_mkdir(parent, FALSE, NULL));
    assert_true(g_file_set_contents(full, text, (gssize)length, NULL));
    return full;
}

/* An archive in a directory, with modules for another kernel only. */
static char *put_archive(void)
{
    char hex[65];
    g_autoptr(GBytes) index = g_bytes_new_static(OTHER, strlen(OTHER));
    bytes_digest(index, hex);
    g_autofree char *text = g_strdup_printf(
        "Suite: stable\nCodename: trixie\nSHA256:\n %s %zu " INDEX "\n", hex, strlen(OTHER));
    g_autoptr(GBytes) release = signer_clear(shared.signer, text, "good", NULL);
    gsize size;
    const char *data = g_bytes_get_data(release, &size);
    g_free(put("debian/dists/trixie/InRelease", data, size));
    g_free(put("debian/dists/trixie/" INDEX, OTHER, strlen(OTHER)));
    return g_strdup_printf("file://%s/debian", folder);
}

static char *put_kernel(void)
{
    /* Documentation/arch/x86/boot.rst: the version stands in the second of two sectors. */
    char image[3 * 512] = {[0x1F1] = 2, [0x20F] = 2};
    memcpy(image + 0x202, "HdrS", 4);
    g_strlcpy(image + 0x400, "6.12.117+deb13-amd64 (x) #1", 64);
    return put("linux", image, sizeof image);
}

static void archive_without_modules(void **state)
{
    (void)state;
    plan p = sample_plan();
    if (!shared.signer)
        skip();
    g_autofree char *mirror = put_archive();
    p.installer = os_installer_find("debian-installer");
    p.required_packages = none;
    p.disk_size = 1 << 20;
    p.modules = (struct media_modules){.source = p.installer->packaging->source,
                                       .mirror = mirror,
                                       .suite = "trixie",
                                       .arch = "amd64",
                                       .component = p.installer->modules,
                                       .keyring = shared.keyring,
                                       .remedy = p.installer->modules_remedy};
    g_autoptr(build) b = sample_build(&p, NULL);
    g_autoptr(GError) error = NULL;
    b->media = g_new0(media_boot, 1);
    b->media->kernel = put_kernel();
    assert_false(install_stage()->run(b, "aa", &error));
    assert_error_says(error, INGOT_EXIT_MEDIA,
                      "no modules for the installer's kernel 6.12.117+deb13-amd64, only for "
                      "6.12.1+other-amd64");
    assert_non_null(strstr(ingot_error_hint(error), "point release"));
    assert_null(b->run_dir);
}

/* ---- the key ---- */

static plan *plan_of(const char *more)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text =
        g_strconcat("name: web\nfamily: debian\nrelease: trixie\n",
                    strstr(more, "installer:") ? "" : "installer: debian-installer\n", more, NULL);
    g_autofree char *path = put("recipe.yaml", text, strlen(text));
    const struct plan_host host = {.host_archive = "http://apt.test/debian",
                                   .cpus = 2,
                                   .cache_dir = folder,
                                   .data_dir = g_getenv("INGOT_TEST_SOURCE"),
                                   .out_dir = folder};
    g_autoptr(recipe_problems) problems = recipe_problems_new();
    g_autoptr(recipe) r = recipe_load(path, FALSE, NULL, problems, &error);
    assert_no_error(error);
    plan *p = plan_new(r, &host, NULL, problems, &error);
    assert_no_error(error);
    assert_non_null(p);
    return p;
}

static char *key_of(const char *more)
{
    g_autoptr(plan) p = plan_of(more);
    g_autoptr(build) b = sample_build(p, NULL);
    b->media = g_new0(media_boot, 1);
    b->media->inputs = g_ptr_array_new();
    b->media->kernel_sha256 = g_strdup("aa");
    b->media->initrd_sha256 = g_strdup("bb");
    return install_stage()->key(b);
}

/* An installer sees its machine: what it makes of two that differ are two installations. */
static void machines_have_keys(void **state)
{
    static const char *const machines[] = {
        "vm: {cpus: 2, memory: 2GiB}\n", "vm: {cpus: 3, memory: 2GiB}\n",
        "vm: {cpus: 2, memory: 3GiB}\n", "vm: {cpus: 2, memory: 2GiB}\ndisk: {size: 9GiB}\n"};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(machines); i++)
        for (gsize n = 0; n < G_N_ELEMENTS(machines); n++) {
            g_autofree char *one = key_of(machines[i]);
            g_autofree char *other = key_of(machines[n]);
            if ((strcmp(one, other) == 0) != (i == n))
                fail_msg("the keys of %s and %s", machines[i], machines[n]);
        }
}

/* ---- in a namespace ---- */

static void add_input(media_boot *boot, const char *name, const char *sha256)
{
    struct media_input *input = g_new0(struct media_input, 1);
    input->name = g_strdup(name);
    g_strlcpy(input->sha256, sha256, sizeof input->sha256);
    g_ptr_array_add(boot->inputs, input);
}

static media_boot *packages_of(const char *sha256)
{
    media_boot *boot = g_new0(media_boot, 1);
    boot->inputs = g_ptr_array_new_with_free_func((GDestroyNotify)media_input_free);
    boot->packages = g_ptr_array_new();
    add_input(boot, "packages", sha256);
    return boot;
}

static char *namespace_key(const char *more, gboolean base_only)
{
    g_autofree char *text = g_strconcat("installer: bootstrap\n", more, NULL);
    g_autoptr(plan) p = plan_of(text);
    g_autoptr(build) b = sample_build(p, NULL);
    char hex[DIGEST_HEX_LEN + 1];
    g_autoptr(digest) d = digest_new();
    b->media = packages_of("aa");
    install_in_namespace.add_inputs(b, base_only, d);
    digest_finish(d, hex);
    return g_strdup(hex);
}

/* A namespace sees no machine and no disk; the base system is that of every recipe with the same
 * packages. */
static void namespaces_have_keys(void **state)
{
    (void)state;
    g_autofree char *plain = namespace_key("", FALSE), *base = namespace_key("", TRUE);
    g_autofree char *large = namespace_key("disk: {size: 9GiB}\nvm: {memory: 3GiB}\n", FALSE);
    g_autofree char *named = namespace_key("hostname: other\n", FALSE);
    g_autofree char *named_base = namespace_key("hostname: other\n", TRUE);
    g_autofree char *zone_base = namespace_key("timezone: Europe/Berlin\n", TRUE);
    assert_string_equal(plain, large);
    assert_string_not_equal(plain, named);
    assert_string_equal(base, named_base);
    assert_string_not_equal(base, zone_base);
    assert_string_not_equal(plain, base);
}

/* fstab is part of what recipes share. */
static void uuid_is_of_the_packages(void **state)
{
    (void)state;
    char one[LAYOUT_UUID_BYTES], same[LAYOUT_UUID_BYTES], other[LAYOUT_UUID_BYTES];
    g_autoptr(media_boot) a = packages_of("aa"), again = packages_of("aa"), b = packages_of("bb");
    add_input(again, "kernel", "cc"); /* of the machine that configures them */
    unpack_root_uuid(a, one);
    unpack_root_uuid(again, same);
    unpack_root_uuid(b, other);
    assert_string_equal(one, same);
    assert_string_not_equal(one, other);
    assert_true(g_uuid_string_is_valid(one));
    assert_int_equal(one[14], '8'); /* RFC 9562, section 4.2: version; 4.1: variant */
    assert_non_null(strchr("89ab", one[19]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(machines_have_keys), cmocka_unit_test(namespaces_have_keys),
        cmocka_unit_test(uuid_is_of_the_packages), cmocka_unit_test(archive_without_modules)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
