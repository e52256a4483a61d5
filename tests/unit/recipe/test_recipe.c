/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "recipe/internal.h"

#include <glib/gstdio.h>
#include <string.h>

static struct recipe *load(const char *name)
{
    g_autofree char *path =
        g_build_filename(g_getenv("INGOT_TEST_SOURCE"), "tests", "recipes", "good", name, NULL);
    g_autoptr(recipe_problems) problems = recipe_problems_new();
    g_autoptr(GError) error = NULL;
    struct recipe *r = recipe_load(path, TRUE, NULL, problems, &error);
    assert_no_error(error);
    assert_int_equal(recipe_problems_count(problems), 0);
    assert_string_equal(r->path, path);
    return r;
}

static void defaults(void **state)
{
    (void)state;
    g_autoptr(recipe) r = load("001-least.yaml");
    assert_string_equal(r->name, "least");
    assert_int_equal(strlen(r->digest), 64);
    assert_null(r->description);
    assert_null(r->installer);
    assert_string_equal(r->arch, "x86_64");
    assert_int_equal(r->media.kind, RECIPE_MEDIA_APT);
    assert_null(r->media.apt_suite);
    assert_null(r->mirror);
    assert_int_equal(r->disk_size, 8ull << 30);
    assert_string_equal(r->filesystem, "ext4");
    assert_int_equal(r->memory, 0);
    assert_int_equal(r->cpus, 0);
    assert_string_equal(r->outputs[0], "qcow2");
    assert_null(r->outputs[1]);
    assert_string_equal(r->hostname, "debian");
    assert_string_equal(r->domain, "");
    assert_string_equal(r->locale, "en_US.UTF-8");
    assert_string_equal(r->timezone, "Etc/UTC");
    assert_string_equal(r->keyboard, "us");
    assert_null(r->packages[0]);
    assert_null(r->kernel_package);
    assert_string_equal(r->kernel_args[0], "net.ifnames=0");
    assert_null(r->kernel_args[1]);
    assert_true(r->serial_console);
    assert_string_equal(r->root.name, "root");
    assert_null(r->root.password);
    assert_null(r->root.groups[0]);
    assert_null(r->root.ssh_keys[0]);
    assert_int_equal(r->users->len, 0);
    assert_null(r->extra);
    assert_int_equal(r->limit_total, 7200);
    assert_int_equal(r->limit_inactivity, 900);
    assert_int_equal(r->limit_stage, 0);
}

static void everything(void **state)
{
    (void)state;
    g_setenv("INGOT_TEST_PASSWORD", "correct horse", TRUE);
    g_autoptr(recipe) r = load("002-everything.yaml");
    assert_string_equal(r->description, "Every key, on several lines.\n");
    assert_string_equal(r->release, "13");
    assert_string_equal(r->arch, "aarch64");
    assert_int_equal(r->media.kind, RECIPE_MEDIA_URL);
    assert_string_equal(r->media.sha256,
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_string_equal(r->media.signature, "keys/a.iso.sig");
    assert_string_equal(r->media.initrd, "install.*/initrd.gz");
    assert_int_equal(r->disk_size, 20000000000ull);
    assert_int_equal(r->memory, 1536ull << 20);
    assert_int_equal(r->cpus, 256);
    assert_string_equal(r->outputs[0], "raw");
    assert_string_equal(r->outputs[1], "qcow2");
    assert_null(r->outputs[2]);
    assert_string_equal(r->packages[2], "7zip");
    assert_string_equal(r->kernel_args[0], "console=tty0");
    assert_int_equal(g_strv_length(r->kernel_args), 3);
    assert_false(r->serial_console);
    assert_string_equal(r->root.password, "acorrect horseb");
    assert_int_equal(r->users->len, 2);
    const struct recipe_user *alice = g_ptr_array_index(r->users, 0);
    const struct recipe_user *bob = g_ptr_array_index(r->users, 1);
    assert_string_equal(alice->password, "tea for two");
    assert_string_equal(alice->groups[1], "dialout");
    assert_null(bob->password);
    assert_true(g_str_has_prefix(bob->password_hash, "$6$"));
    assert_non_null(strstr(r->extra, "password correct horse\n"));
    assert_string_equal(r->late_command, "echo \"${HOME} $1 correct horse\" >/etc/motd\n");
    assert_int_equal(r->limit_total, 5400);
    assert_int_equal(r->limit_inactivity, 90);
    assert_int_equal(r->limit_stage, 12 * 3600);
}

static void kinds(void **state)
{
    (void)state;
    g_autoptr(recipe) apt = load("004-media-apt.yaml"), path = load("005-media-path.yaml");
    assert_int_equal(apt->media.kind, RECIPE_MEDIA_APT);
    assert_string_equal(apt->media.apt_suite, "trixie-updates/main");
    assert_int_equal(path->media.kind, RECIPE_MEDIA_PATH);
    assert_string_equal(path->media.path, "../x y/installer.iso");
}

/* A command in parts is one text; without one there is nothing but the defaults. */
static void boot_command(void **state)
{
    (void)state;
    g_autoptr(recipe) r = load("007-boot-command.yaml"), least = load("001-least.yaml");
    assert_string_equal(r->boot.command,
                        "<esc>auto url=${seed.url}/preseed.cfg ${installer.args}<enter>");
    assert_string_equal(r->firmware, "bios");
    assert_string_equal(r->boot.seed, "http");
    assert_null(least->boot.command);
    assert_null(least->firmware);
    assert_string_equal(least->boot.seed, "http");
}

/* The plan adds its problems to those of form, at the lines of the keys. */
static void later_problem(void **state)
{
    (void)state;
    static const char text[] = "name: web\nfamily: debian\nrelease: trixie\ndisk:\n"
                               "    size: 3GiB\n    filesystem: ext5\n";
    g_autoptr(recipe_problems) problems = recipe_problems_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(recipe) r = recipe_parse("x.yaml", text, strlen(text), TRUE, NULL, problems, &error);
    assert_non_null(r);
    recipe_problem(problems, r, "disk.size", NULL, "too small");
    assert_false(recipe_problems_report(problems, &error));
    const char *first = strstr(error->message, "x.yaml:5:11: too small\n");
    const char *second = strstr(error->message, "x.yaml:6:17: disk.filesystem: found");
    assert_true(first && second && first < second);
}

static void unreadable(void **state)
{
    (void)state;
    g_autoptr(recipe_problems) problems = recipe_problems_new();
    g_autoptr(GError) missing = NULL, directory = NULL, large = NULL;
    assert_null(recipe_load("/no/such/recipe.yaml", TRUE, NULL, problems, &missing));
    assert_error_says(missing, INGOT_EXIT_RECIPE, "/no/such/recipe.yaml");
    assert_null(recipe_load("/", TRUE, NULL, problems, &directory));
    assert_error_says(directory, INGOT_EXIT_RECIPE, "/");
    g_autofree char *path = NULL, *filler = g_strnfill(RECIPE_MAX_BYTES + 1, '#');
    g_autoptr(GError) error = NULL;
    int fd = g_file_open_tmp("ingot-XXXXXX", &path, &error);
    assert_no_error(error);
    assert_true(g_close(fd, NULL));
    assert_true(g_file_set_contents(path, filler, -1, NULL));
    assert_null(recipe_load(path, TRUE, NULL, problems, &large));
    assert_error_says(large, INGOT_EXIT_RECIPE, "larger than");
    assert_int_equal(recipe_problems_count(problems), 0);
    g_unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),   cmocka_unit_test(everything),
        cmocka_unit_test(kinds),      cmocka_unit_test(later_problem),
        cmocka_unit_test(unreadable), cmocka_unit_test(boot_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
