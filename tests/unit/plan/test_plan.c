/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../folder.h"

#include "base/error.h"
#include "base/files.h"
#include "base/password.h"
#include "plan/plan.h"

#include <string.h>
#include <unistd.h>

/* "installer:" and "release:" are added where the test's own text does not have them. */
static const char minimal[] = "name: web\nfamily: debian\n";

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-plan");
}

#define SECURITY "http://apt.test/debian-security"

/* What make's host has; all NULL: nobody has looked. */
static struct plan_firmware host_firmware;

/* Plans minimal + more on a host of the test's making. */
static plan *make(const char *more, const char *override, const char *apt, secrets *hidden,
                  GError **error)
{
    g_autofree char *path = g_build_filename(folder, "recipe.yaml", NULL);
    g_autofree char *text =
        g_strconcat(minimal, strstr(more, "release:") ? "" : "release: trixie\n",
                    strstr(more, "installer:") ? "" : "installer: debian-installer\n", more, NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
    struct vm_accel accel = {
        .reason = (char *)"it was measured", .cpu = (char *)"max", .option = (char *)"tcg"};
    const struct plan_host host = {.mirror_override = override,
                                   .host_archive = apt,
                                   .host_security = apt ? SECURITY : NULL,
                                   .cpus = 64,
                                   .accel = &accel,
                                   .firmware = host_firmware,
                                   .cache_dir = folder,
                                   .data_dir = g_getenv("INGOT_TEST_SOURCE"),
                                   .out_dir = "out"};
    g_autoptr(recipe_problems) problems = recipe_problems_new();
    g_autoptr(recipe) r = recipe_load(path, TRUE, hidden, problems, error);
    g_autoptr(plan) p = r ? plan_new(r, &host, hidden, problems, error) : NULL;
    if (*error || !recipe_problems_report(problems, error))
        return NULL;
    return g_steal_pointer(&p);
}

#define APT "http://apt.test/debian"

static void mirror_order(void **state)
{
    static const struct {
        const char *recipe, *override, *apt, *build, *guest, *final;
    } cases[] = {
        {"", NULL, APT, APT, APT, APT},
        {"mirror: http://own.test/debian\n", NULL, APT, "http://own.test/debian",
         "http://own.test/debian", "http://own.test/debian"},
        /* The builder's own override is for the build only. */
        {"mirror: http://own.test/debian\n", "http://fast.test/d", APT, "http://fast.test/d",
         "http://fast.test/d", "http://own.test/debian"},
        /* Loopback is the guest's own: it reaches the host at another address, and no template
         * keeps it. */
        {"", "http://127.0.0.1:3142/debian", APT, "http://127.0.0.1:3142/debian",
         "http://10.0.2.2:3142/debian", APT},
        {"", NULL, "http://localhost/debian", "http://localhost/debian", "http://10.0.2.2/debian",
         NULL},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(plan) p = make(cases[i].recipe, cases[i].override, cases[i].apt, NULL, &error);
        assert_no_error(error);
        assert_string_equal(p->media.mirror, cases[i].build);
        assert_string_equal(p->answers.mirror, cases[i].guest);
        if (g_strcmp0(p->answers.final_mirror, cases[i].final) != 0)
            fail_msg("case %zu keeps %s", i, p->answers.final_mirror);
    }
}

/* The security updates of the host's apt go with its archive; an override is for the build only. */
static void security(void **state)
{
    static const struct {
        const char *recipe, *override, *build, *final;
    } cases[] = {
        {"", NULL, SECURITY, SECURITY},
        {"", "http://fast.test/d", NULL, SECURITY},
        {"mirror: http://own.test/debian\n", NULL, NULL, NULL},
        {"mirror: http://own.test/debian\nsecurity_mirror: http://own.test/s\n", NULL,
         "http://own.test/s", "http://own.test/s"},
        {"security_mirror: http://127.0.0.1/s\n", "http://fast.test/d", "http://127.0.0.1/s", NULL},
        {"release: sid\n", NULL, NULL, NULL},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = g_strconcat("installer: bootstrap\n", cases[i].recipe, NULL);
        g_autoptr(plan) p = make(text, cases[i].override, APT, NULL, &error);
        assert_no_error(error);
        if (g_strcmp0(p->media.security_mirror, cases[i].build) != 0 ||
            g_strcmp0(p->answers.security_mirror, cases[i].final) != 0)
            fail_msg("case %zu takes %s and keeps %s", i, p->media.security_mirror,
                     p->answers.security_mirror);
    }
}

/* The host looks where the guest will; what is given packages needs no modules. */
static void modules(void **state)
{
    (void)state;
    static const char own[] = "media: {apt: {suite: sid, package: abc}, keyring: own.gpg}\n";
    g_autoptr(GError) error = NULL;
    g_autoptr(plan) p = make("", "http://127.0.0.1:3142/debian", APT, NULL, &error);
    assert_no_error(error);
    assert_string_equal(p->modules.mirror, "http://127.0.0.1:3142/debian");
    assert_string_equal(p->modules.suite, "trixie");
    assert_string_equal(p->modules.arch, "amd64");
    assert_string_equal(p->modules.component, "main/debian-installer");
    assert_string_equal(p->modules.keyring, p->media.keyring);
    g_autoptr(plan) apart = make(own, NULL, APT, NULL, &error);
    assert_no_error(error);
    assert_string_equal(apart->modules.suite, "trixie");
    assert_true(g_str_has_suffix(apart->modules.keyring, "own.gpg"));
    g_autoptr(plan) given = make("installer: bootstrap\n", NULL, APT, NULL, &error);
    assert_no_error(error);
    assert_null(given->modules.component);
}

static void limits(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(plan) p = make("", NULL, APT, NULL, &error);
    assert_no_error(error);
    assert_int_equal(p->stage_limit, 0);
    g_autoptr(plan) slow = make("limits: {stage: 12h}\n", NULL, APT, NULL, &error);
    assert_no_error(error);
    assert_int_equal(slow->stage_limit, 12 * 3600);
    g_autofree char *text = plan_to_text(slow);
    assert_non_null(strstr(text, "limit_stage"));
}

static void defaults(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(plan) p = make("packages: [nginx, vim]\n", NULL, APT, NULL, &error);
    assert_no_error(error);
    assert_string_equal(p->media.package, "debian-installer-13-netboot-amd64");
    assert_string_equal(p->media.suite, "trixie");
    assert_string_equal(p->media.arch, "amd64");
    assert_string_equal(p->answers.kernel_package, "linux-image-cloud-amd64");
    assert_int_equal(p->vm.cpus, 4);
    assert_int_equal(p->disk_size, 8ull << 30);
    assert_string_equal(((struct os_file *)g_ptr_array_index(p->files, 0))->path, "preseed.cfg");
    g_autofree char *packages = g_strjoinv(" ", (char **)p->answers.packages);
    assert_string_equal(packages, "net-tools lrzsz screen tree vim wget nginx");
}

/* The recipe's packages, the kernel and the boot loader are wanted with what they recommend. */
static void packages(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(plan) p =
        make("installer: bootstrap\npackages: [nginx]\narch: aarch64\n", NULL, APT, NULL, &error);
    assert_no_error(error);
    assert_int_equal(p->media.kind, MEDIA_SYSTEM);
    assert_string_equal(p->media.suite, "trixie");
    assert_string_equal(p->media.arch, "arm64");
    assert_string_equal(p->answers.kernel_package, "linux-image-cloud-arm64");
    static const char *const wanted[] = {"nginx",          "vim",  "linux-image-cloud-arm64",
                                         "grub-efi-arm64", "wget", "initramfs-tools"};
    for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++)
        assert_true(g_strv_contains((const char *const *)p->media.packages, wanted[i]));
    assert_non_null(strstr(p->vm.command_line, "console=ttyAMA0"));
    assert_string_equal(((struct os_file *)g_ptr_array_index(p->files, 0))->path,
                        "ingot/values.sh");
    g_autofree char *text = plan_to_text(p);
    assert_non_null(strstr(text, "nginx"));
}

/* Only a machine that fetches packages itself has a network card. */
static void network(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(plan) fetching = make("", NULL, APT, NULL, &error);
    assert_no_error(error);
    assert_true(fetching->vm.network);
    g_autoptr(plan) given = make("installer: bootstrap\n", NULL, APT, NULL, &error);
    assert_no_error(error);
    g_autofree char *script = vm_script(&given->vm);
    assert_null(strstr(script, "netdev"));
    assert_null(strstr(script, "virtio-net"));
}

static void what_does_not_fit(void **state)
{
    static const struct {
        const char *recipe, *apt, *says;
    } cases[] = {
        {"installer: debian-instaler\n", APT, "did you mean 'debian-installer'?"},
        {"disk: {filesystem: xfs}\n", APT, "disk.filesystem: found \"xfs\", expected ext4"},
        {"arch: aarch64\n", APT, "does not support the architecture 'aarch64'"},
        {"vm: {memory: 512MiB}\n", APT, "needs at least 1 GiB"},
        {"release: sid\n", APT, "does not know which package"},
        {"", NULL, "no package mirror is known"},
        {"mirror: file:///srv/debian\n", APT, "mirror"},
        {"installer: bootstrap\nextra: x\n", APT, "bootstrap does not support 'extra'"},
        {"installer: bootstrap\nmedia: {path: x.iso}\n", APT, "does not support 'media.path'"},
        {"installer: bootstrap\n", NULL, "no package mirror is known"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(plan) p = make(cases[i].recipe, NULL, cases[i].apt, NULL, &error);
        assert_null(p);
        assert_error_says(error, INGOT_EXIT_RECIPE, cases[i].says);
    }
}

/* All of them at once, whatever else is wrong. */
static void every_problem_is_named(void **state)
{
    static const char *const says[] = {
        "name is missing",         "there is no installer for the family 'debain'",
        "did you mean 'debian'?",  "unknown installer 'bootstrp'",
        "vm.cpus: found \"many\"", "'http:///x' is not a mirror",
    };
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(recipe_problems) problems = recipe_problems_new();
    g_autofree char *path = g_build_filename(folder, "wrong.yaml", NULL);
    assert_true(g_file_set_contents(path,
                                    "family: debain\nrelease: trixie\ninstaller: bootstrp\n"
                                    "vm: {cpus: many}\n",
                                    -1, NULL));
    const struct plan_host host = {.mirror_override = "http:///x",
                                   .cpus = 2,
                                   .cache_dir = folder,
                                   .data_dir = g_getenv("INGOT_TEST_SOURCE"),
                                   .out_dir = "out"};
    g_autoptr(recipe) r = recipe_load(path, FALSE, NULL, problems, &error);
    assert_no_error(error);
    assert_null(plan_new(r, &host, NULL, problems, &error));
    assert_no_error(error);
    assert_false(recipe_problems_report(problems, &error));
    for (gsize i = 0; i < G_N_ELEMENTS(says); i++)
        assert_error_says(error, INGOT_EXIT_RECIPE, says[i]);
}

/* Which names of packages there can be is the family's matter; what the recipe itself refuses
 * moves no number. */
static void names_are_the_familys(void **state)
{
    static const char form[] =
        ", expected a package name (a-z, 0-9, '+', '-' and '.'), for example ";
    static const struct {
        const char *recipe, *says, *example;
    } cases[] = {
        {"packages: [vim, Vim]\n", ":5:17: packages[1]: found \"Vim\"", "openssh-server"},
        {"packages: [a b, g++, x_y]\n", ":5:22: packages[2]: found \"x_y\"", "openssh-server"},
        {"packages: [x]\n", ":5:12: packages[0]: found \"x\"", "openssh-server"},
        {"kernel: {package: Linux}\n", "kernel.package: found \"Linux\"", "linux-image-amd64"},
        {"media: {apt: {package: D-I}}\n", "media.apt.package: found \"D-I\"",
         "debian-installer-13-netboot-amd64"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *says = g_strconcat(cases[i].says, form, cases[i].example, NULL);
        assert_null(make(cases[i].recipe, NULL, APT, NULL, &error));
        assert_error_says(error, INGOT_EXIT_RECIPE, says);
    }
    g_autoptr(GError) error = NULL;
    assert_null(make("packages: [vim-]\n", NULL, APT, NULL, &error));
    assert_error_says(error, INGOT_EXIT_RECIPE,
                      "(hint: apt would remove a package written like this)");
}

/* What only the installer knows is said although the family is wrong. */
static void a_wrong_family_hides_nothing(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(folder, "wrong.yaml", NULL);
    g_autoptr(recipe_problems) problems = recipe_problems_new();
    assert_true(g_file_set_contents(path,
                                    "name: a\nfamily: debain\nrelease: trixie\n"
                                    "installer: bootstrap\nextra: x\nmedia: {path: x.iso}\n"
                                    "boot: {command: x}\n",
                                    -1, NULL));
    const struct plan_host host = {.cpus = 2, .cache_dir = folder, .out_dir = "out"};
    g_autoptr(recipe) r = recipe_load(path, FALSE, NULL, problems, &error);
    assert_no_error(error);
    assert_null(plan_new(r, &host, NULL, problems, &error));
    assert_false(recipe_problems_report(problems, &error));
    assert_error_says(error, INGOT_EXIT_RECIPE, "there is no installer for the family 'debain'");
    assert_error_says(error, INGOT_EXIT_RECIPE, "does not support 'extra'");
    assert_error_says(error, INGOT_EXIT_RECIPE, "does not support 'media.path'");
    assert_error_says(error, INGOT_EXIT_RECIPE, "does not support 'boot.command'");
}

/* What can be said of a recipe without a name is said at once, and each thing once. */
static void a_missing_name_hides_nothing(void **state)
{
    static const struct {
        const char *text, *apt, *says[3], *not ;
    } cases[] = {
        {"family: debian\nrelease: trixie\n",
         NULL,
         {"name is missing", "no package mirror is known"},
         "cannot"},
        {"family: debian\nrelease: sid\ninstaller: debian-installer\n",
         APT,
         {"name is missing", "does not know which package has the installer of 'sid'"},
         "mirror"},
        {"family: debian\nrelease: trixie\ninstaller: debian-installer\narch: aarch64\n",
         APT,
         {"name is missing", "does not support the architecture"},
         "which package"},
        {"family: debain\nmirror: nonsense\nmedia: {path: x.iso}\n"
         "boot: {command: \"${seed.ulr} <entr>\"}\n",
         NULL,
         {"release is missing", "character 13", "unknown placeholder ${seed.ulr}"},
         "no package mirror"},
    };
    (void)state;
    g_autofree char *path = g_build_filename(folder, "wrong.yaml", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(recipe_problems) problems = recipe_problems_new();
        const struct plan_host host = {
            .host_archive = cases[i].apt, .cpus = 2, .cache_dir = folder, .out_dir = "out"};
        assert_true(g_file_set_contents(path, cases[i].text, -1, NULL));
        g_autoptr(recipe) r = recipe_load(path, FALSE, NULL, problems, &error);
        assert_no_error(error);
        assert_null(plan_new(r, &host, NULL, problems, &error));
        assert_false(recipe_problems_report(problems, &error));
        for (gsize n = 0; n < G_N_ELEMENTS(cases[i].says) && cases[i].says[n]; n++)
            assert_error_says(error, INGOT_EXIT_RECIPE, cases[i].says[n]);
        assert_null(strstr(error->message, cases[i].not ));
    }
}

#define ISO "media: {path: x.iso}\n"

/* The medium is handed over as it is, and the answers come from a seed. */
static void boot_command(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(plan) p = make(ISO "boot: {command: \"<esc>auto url=${seed.url}/p.cfg $${x} "
                                 "${installer.args}<enter>\"}\n",
                             NULL, APT, NULL, &error);
    assert_no_error(error);
    assert_true(p->media.whole);
    g_autofree char *typed = plan_boot_command(p, "http://10.0.2.2:80/t", &error);
    g_autofree char *want = g_strdup_printf(
        "<esc>auto url=http://10.0.2.2:80/t/p.cfg ${x} %s<enter>", p->vm.command_line);
    assert_string_equal(typed, want);
    g_autofree char *text = plan_to_text(p);
    assert_non_null(strstr(text, "${seed.url}"));
    assert_non_null(strstr(text, "seed_files"));
    gsize n = 0;
    g_autofree struct media_file *files = plan_media_files(p, FALSE, &n);
    assert_string_equal(files[0].path, "preseed.cfg");
    assert_string_equal(files[n - 1].path, "ingot/seed.sh");
    g_autoptr(plan) direct = make("", NULL, APT, NULL, &error);
    assert_null(direct->boot_command);
    assert_false(direct->media.whole);
    assert_int_equal(direct->files->len, n - 1);
}

static void boot_command_wrong(void **state)
{
    static const struct {
        const char *recipe, *says;
    } cases[] = {
        {ISO "boot: {command: \"<entr>\"}\n", ":6:17: boot.command: character 1"},
        {ISO "boot: {command: \"x ${seed.ulr}\"}\n", "did you mean ${seed.url}?"},
        {ISO "boot: {command: \"x ${HOME}\"}\n", "known here: seed.url, installer.args"},
        {ISO "boot: {command: \"x ${seed.url\"}\n", "unknown placeholder ${seed.url}"},
        {ISO "boot: {command: \"x ${seed.label}\"}\n", "unknown placeholder ${seed.label}"},
        {ISO "boot: {command: x, seed: cdrom}\n", "boot.seed: found \"cdrom\""},
        {ISO "machine: {firmware: uefi}\n", "machine.firmware: found \"uefi\""},
        {ISO "boot: {command: x, firmware: bios}\n",
         "boot.firmware is now called machine.firmware"},
        {ISO "installer: bootstrap\nboot: {command: x}\n", "does not support 'boot.command'"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(plan) p = make(cases[i].recipe, NULL, APT, NULL, &error);
        assert_null(p);
        assert_error_says(error, INGOT_EXIT_RECIPE, cases[i].says);
    }
}

/* No secret in what is printed; the same hash each time on this host, another one elsewhere. */
static void passwords(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(secrets) hidden = secrets_new();
    g_setenv("INGOT_TEST_PW", "hunter2-hunter2", TRUE);
    g_autoptr(plan) p =
        make("root: {password: \"${env:INGOT_TEST_PW}\"}\n", NULL, APT, hidden, &error);
    assert_no_error(error);
    const char *hash = p->answers.users[0].password_hash;
    assert_true(g_str_has_prefix(hash, "$y$"));
    assert_string_equal(p->hidden[0], "hunter2-hunter2");
    json_t *json = plan_to_json(p);
    char *text = json_dumps(json, 0);
    g_autofree char *lines = plan_to_text(p);
    assert_null(strstr(text, "hunter2"));
    assert_null(strstr(text, "$y$"));
    assert_null(strstr(lines, "hunter2"));
    free(text);
    json_decref(json);
    g_autofree char *again = password_hash("hunter2-hunter2", folder, "web", "root", &error);
    g_autofree char *other = password_hash("hunter2-hunter2", folder, "web", "admin", &error);
    assert_string_equal(again, hash);
    assert_string_not_equal(other, hash);
    g_autofree char *old = password_hash_old("hunter2-hunter2", folder, "web", "root", &error);
    g_autofree char *old_again =
        password_hash_old("hunter2-hunter2", folder, "web", "root", &error);
    assert_true(g_str_has_prefix(old, "$6$"));
    assert_string_equal(old, old_again);
}

/* Of the machine that the template is for: with a boot command or without. */
static void firmware(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(plan) usual = make("", NULL, APT, NULL, &error);
    g_autoptr(plan) bios = make("machine: {firmware: bios}\n", NULL, APT, NULL, &error);
    g_autoptr(plan) booted =
        make(ISO "boot: {command: x}\nmachine: {firmware: bios}\n", NULL, APT, NULL, &error);
    assert_no_error(error);
    assert_null(usual->firmware.asked);
    assert_string_equal(bios->firmware.asked->name, "bios");
    assert_string_equal(booted->firmware.asked->name, "bios");
    g_autofree char *text = plan_to_text(bios);
    assert_non_null(strstr(text, "firmware             bios\n"));
}

/* A kernel is started by what starts kernels, media and clones by what the template has; nothing is
 * missed that is not needed. */
static void firmware_of_the_host(void **state)
{
    (void)state;
    static const struct plan_machine_files files = {"d", "k", "i", "m"};
    g_autoptr(GError) error = NULL;
    g_autoptr(vm_firmware) starts = g_atomic_rc_box_new0(vm_firmware);
    starts->executable = g_strdup("/firmware/bios.bin");
    starts->description = g_strdup("a BIOS");
    host_firmware.kernel = starts;
    ingot_set_error(&host_firmware.missing, INGOT_EXIT_HOST, "install it", "no UEFI here");
    g_autoptr(plan) direct = make("", NULL, APT, NULL, &error);
    g_autoptr(plan) booted = make(ISO "boot: {command: x}\n", NULL, APT, NULL, &error);
    assert_no_error(error);
    assert_ptr_equal(plan_machine(direct, &files).firmware, starts);
    assert_null(plan_machine(booted, &files).firmware);
    assert_true(plan_check_firmware(direct, FALSE, &error));
    assert_false(plan_check_firmware(booted, FALSE, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "no UEFI here");
    g_clear_error(&error);
    assert_false(plan_check_firmware(direct, TRUE, &error));
    g_autofree char *lacks = plan_to_text(direct);
    assert_non_null(strstr(lacks, "firmware_image       no UEFI here\n"));
    g_clear_error(&host_firmware.missing);
    host_firmware.template = starts;
    g_clear_error(&error);
    g_autoptr(plan) has = make(ISO "boot: {command: x}\n", NULL, APT, NULL, &error);
    assert_no_error(error);
    host_firmware = (struct plan_firmware){0};
    assert_ptr_equal(plan_machine(has, &files).firmware, starts);
    assert_true(plan_check_firmware(has, TRUE, &error));
    g_autofree char *text = plan_to_text(has);
    assert_non_null(strstr(text, "firmware_image       /firmware/bios.bin\n"));
    assert_non_null(strstr(text, "firmware_description a BIOS\n"));
}

/* One machine, whatever starts it: it gets the recipe's hardware and what it boots from, and not
 * what it does not. */
static void machine(void **state)
{
    (void)state;
    static const struct plan_machine_files files = {"d", "k", "i", "m"};
    g_autoptr(GError) error = NULL;
    g_autoptr(plan) direct = make("vm: {cpus: 3}\n", NULL, APT, NULL, &error);
    g_autoptr(plan) booted = make(ISO "boot: {command: x}\n", NULL, APT, NULL, &error);
    assert_no_error(error);
    const struct vm_spec one = plan_machine(direct, &files), two = plan_machine(booted, &files);
    assert_string_equal(one.disk, "d");
    assert_string_equal(one.kernel, "k");
    assert_string_equal(one.initrd, "i");
    assert_null(one.cdrom);
    assert_int_equal(one.cpus, 3);
    assert_string_equal(two.cdrom, "m");
    assert_null(two.kernel);
    assert_null(two.initrd);
    g_autofree char *disk = plan_disk_name(direct), *by_name = g_strconcat("filename=", disk, NULL);
    g_autofree char *script = plan_script(direct, "the-kernel", "the-initrd", "the-medium");
    assert_true(g_str_has_suffix(disk, ".qcow2"));
    assert_non_null(strstr(script, by_name));
    assert_non_null(strstr(script, "the-kernel"));
    assert_null(strstr(script, "the-medium"));
}

static void outputs(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(plan) usual = make("", NULL, APT, NULL, &error);
    assert_no_error(error);
    assert_string_equal(usual->outputs[0]->name, "qcow2");
    assert_null(usual->outputs[1]);
    g_autoptr(plan) empty = make("outputs:\n", NULL, APT, NULL, &error);
    assert_no_error(error);
    assert_string_equal(empty->outputs[0]->name, "qcow2");
    g_autoptr(plan) both = make("outputs: [raw, qcow2]\n", NULL, APT, NULL, &error);
    assert_no_error(error);
    assert_string_equal(both->outputs[0]->name, "raw");
    assert_string_equal(both->outputs[1]->name, "qcow2");
    assert_null(both->outputs[2]);
    g_autofree char *text = plan_to_text(both);
    assert_non_null(strstr(text, "formats              raw qcow2\n"));
}

static void outputs_wrong(void **state)
{
    static const struct {
        const char *recipe, *says;
    } cases[] = {
        {"outputs: [raw, qcow]\n", ":5:16: unknown output format 'qcow'"},
        {"outputs: [raw, qcow]\n", "did you mean 'qcow2'?"},
        {"outputs: [ova]\n", "the formats are: qcow2, raw"},
        {"outputs: [raw, raw]\n", ":5:16: outputs[1]: \"raw\" is already in the list"},
        /* The list has lost an item: the key it is, and not another's place. */
        {"outputs: [raw, raw, qcow]\n", ":5:1: unknown output format 'qcow'"},
        {"outputs: []\n", ":5:1: outputs: a template without any file"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(plan) p = make(cases[i].recipe, NULL, APT, NULL, &error);
        assert_null(p);
        assert_error_says(error, INGOT_EXIT_RECIPE, cases[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mirror_order),
                                       cmocka_unit_test(security),
                                       cmocka_unit_test(modules),
                                       cmocka_unit_test(limits),
                                       cmocka_unit_test(defaults),
                                       cmocka_unit_test(packages),
                                       cmocka_unit_test(names_are_the_familys),
                                       cmocka_unit_test(network),
                                       cmocka_unit_test(what_does_not_fit),
                                       cmocka_unit_test(every_problem_is_named),
                                       cmocka_unit_test(a_wrong_family_hides_nothing),
                                       cmocka_unit_test(a_missing_name_hides_nothing),
                                       cmocka_unit_test(firmware),
                                       cmocka_unit_test(firmware_of_the_host),
                                       cmocka_unit_test(machine),
                                       cmocka_unit_test(outputs),
                                       cmocka_unit_test(outputs_wrong),
                                       cmocka_unit_test(passwords),
                                       cmocka_unit_test(boot_command),
                                       cmocka_unit_test(boot_command_wrong)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
