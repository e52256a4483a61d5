/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../media/keys.h"
#include "sample.h"

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
    g_autofree char *text = g_strconcat(
        "name: web\nfamily: debian\nrelease: trixie\ninstaller: debian-installer\n", more, NULL);
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(machines_have_keys),
                                       cmocka_unit_test(archive_without_modules)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
