/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "answers.h"

#include "base/error.h"
#include "base/files.h"
#include "base/spawn.h"

#include <glib/gstdio.h>
#include <string.h>

static const os_installer *installer(void)
{
    return os_installer_find("debian-installer");
}

static GPtrArray *answer(const struct os_answers *a, GError **error)
{
    return installer()->answer(a, g_getenv("INGOT_TEST_SOURCE"), error);
}

static GPtrArray *good_answer(const struct os_answers *a)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *files = answer(a, &error);
    assert_no_error(error);
    return files;
}

static void golden(void **state)
{
    (void)state;
    static const struct {
        const struct os_answers *answers;
        const char *path, *golden;
    } cases[] = {
        {&full, "preseed.cfg", "full.preseed"},
        {&full, "ingot/values.sh", "full.values"},
        {&least, "preseed.cfg", "least.preseed"},
        {&least, "ingot/values.sh", "least.values"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) files = good_answer(cases[i].answers);
        g_autofree char *text = text_of(files, cases[i].path);
        assert_golden(cases[i].golden, text);
    }
}

static void layout(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) files = good_answer(&full);
    const struct os_file *first = g_ptr_array_index(files, 0);
    assert_string_equal(first->path, "preseed.cfg");
    for (guint i = 0; i < files->len; i++) {
        const struct os_file *f = g_ptr_array_index(files, i);
        assert_true(*f->path != '/' && !strstr(f->path, ".."));
        assert_true(g_bytes_get_size(f->data) > 0);
        assert_int_equal(f->mode & ~0755u, 0);
    }
    /* What holds password hashes is for root alone. */
    assert_int_equal(first->mode, 0600);
}

/* By its URL it fetches what is on the initrd otherwise: all of it, and nothing else. */
static void seeded(void **state)
{
    (void)state;
    struct os_answers by_url = full;
    by_url.seeded = TRUE;
    g_autoptr(GPtrArray) files = good_answer(&by_url), usual = good_answer(&full);
    g_autofree char *preseed = text_of(files, "preseed.cfg");
    g_autofree char *fetcher = text_of(files, "ingot/seed.sh");
    assert_int_equal(files->len, usual->len + 1);
    assert_non_null(strstr(preseed, "${url%/*}/ingot/seed.sh"));
    assert_non_null(strstr(preseed, "d-i base-installer/debootstrap_script string /ingot/"));
    GString *list = g_string_new("for file in");
    for (guint i = 1; i < usual->len; i++)
        g_string_append_printf(list, " %s",
                               ((const struct os_file *)g_ptr_array_index(usual, i))->path);
    g_string_append(list, "; do\n");
    assert_non_null(strstr(fetcher, list->str));
    g_string_free(list, TRUE);
}

/* ---- the preseed, by debconf's own program ---- */

static gboolean check_selections(const char *text, GError **error)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("ingot-XXXXXX", &path, NULL);
    assert_true(g_close(fd, NULL));
    assert_true(g_file_set_contents(path, text, -1, NULL));
    const char *argv[] = {"debconf-set-selections", "--checkonly", path, NULL};
    gboolean good = spawn_run(argv, NULL, NULL, error);
    g_unlink(path);
    return good;
}

static void debconf(void **state)
{
    (void)state;
    g_autofree char *program = g_find_program_in_path("debconf-set-selections");
    if (!program) {
        print_message("skipped: debconf-set-selections is not installed (package debconf)\n");
        skip();
    }
    const struct os_answers *const all[] = {&full, &least};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
        g_autoptr(GPtrArray) files = good_answer(all[i]);
        g_autofree char *text = text_of(files, "preseed.cfg");
        g_autofree char *broken = g_strconcat(text, "d-i only-two\n", NULL);
        g_autoptr(GError) error = NULL, refused = NULL;
        gboolean good = check_selections(text, &error);
        assert_no_error(error);
        assert_true(good);
        assert_false(check_selections(broken, &refused));
    }
}

/* ---- the shell files, by a shell ---- */

static char *folder_with(const GPtrArray *files)
{
    g_autoptr(GError) error = NULL;
    char *folder = files_temp_dir(g_get_tmp_dir(), "ingot-test", &error);
    assert_no_error(error);
    g_autofree char *values = text_of(files, "ingot/values.sh");
    g_autofree char *path = g_build_filename(folder, "values.sh", NULL);
    assert_true(g_file_set_contents(path, values, -1, NULL));
    return folder;
}

static char *shell(const char *folder, const char *script)
{
    g_autoptr(GError) error = NULL;
    const char *argv[] = {"sh", "-euc", script, NULL};
    const char *env[] = {"LC_ALL=C", NULL};
    const struct spawn_options options = {.directory = folder, .env = env};
    char *out = NULL;
    gboolean good = spawn_run(argv, &options, &out, &error);
    assert_no_error(error);
    assert_true(good);
    return out;
}

/* A shell that reads values.sh has what the answers say, to the byte. */
static void values_survive(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"suite", "trixie"},
        {"kernel_args", "net.ifnames=0 rd.x=a:b@c,d~e%f"},
        {"serial_console", "true"},
        {"user_name", "alice"},
        {"ssh_keys_root", KEY_A "\n" KEY_B},
        {"ssh_keys_user", KEY_A},
        {"final_mirror", "http://archive.example.org/debian"},
        {"security_mirror", "http://security.example.org/debian-security"},
        {"late_command", LATE},
    };
    g_autoptr(GPtrArray) files = good_answer(&full);
    g_autofree char *folder = folder_with(files);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *script =
            g_strdup_printf(". ./values.sh; printf '%%s' \"$%s\"", cases[i][0]);
        g_autofree char *value = shell(folder, script);
        assert_string_equal(value, cases[i][1]);
    }
    files_remove_tree(folder);
}

/* Stands in for the programs of the new system: writes down how it was called. */
#define STUBS                                                                                      \
    "say() { for word; do printf '[%s]' \"$word\"; done; echo; }\n"                                \
    "adduser() { say adduser \"$@\"; }\n"                                                          \
    "usermod() { say usermod \"$@\"; }\n"                                                          \
    "chown() { say chown \"$@\"; }\n"                                                              \
    "getent() { echo \"bob:x:1:1:a:$PWD/home of bob:/bin/sh\"; }\n"

static void users_are_made(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) files = good_answer(&full);
    g_autofree char *folder = folder_with(files);
    g_autofree char *out = shell(folder, ". ./values.sh\n" STUBS "eval \"$users_script\"");
    g_autofree char *want = g_strconcat("[adduser][--disabled-password][--comment][" ODD "][bob]\n"
                                        "[usermod][--password][" HASH "][bob]\n"
                                        "[adduser][bob][sudo]\n"
                                        "[adduser][bob][dialout]\n"
                                        "[chown][-R][bob:][",
                                        folder,
                                        "/home of bob/.ssh]\n"
                                        "[adduser][--disabled-password][--comment][][eve]\n"
                                        "[usermod][--password][!][eve]\n",
                                        NULL);
    assert_string_equal(out, want);
    g_autofree char *keys = g_build_filename(folder, "home of bob/.ssh/authorized_keys", NULL);
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(keys, &text, NULL, NULL));
    assert_string_equal(text, KEY_A "\n" KEY_B "\n");
    files_remove_tree(folder);
}

static void scripts_parse(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) files = good_answer(&full);
    for (guint i = 0; i < files->len; i++) {
        const struct os_file *f = g_ptr_array_index(files, i);
        const char *argv[] = {"sh", "-n", NULL};
        const struct spawn_options options = {.input = f->data};
        g_autoptr(GError) error = NULL;
        if (g_str_has_suffix(f->path, ".cfg") || g_str_has_suffix(f->path, ".awk"))
            continue;
        gboolean good = spawn_run(argv, &options, NULL, &error);
        assert_no_error(error);
        assert_true(good);
    }
}

/* ---- what cannot be taken ---- */

static const char *const words_shell[] = {"a$(b)", NULL}, *const words_option[] = {"--force", NULL},
                         *const words_line[] = {"a\nb", NULL}, *const words_blank[] = {"a b", NULL},
                         *const words_bytes[] = {"ab\xff", NULL};

struct refusal {
    gsize offset; /* of a text or a list in struct os_answers */
    const void *value;
    const char *says;
};

#define AT(member) offsetof(struct os_answers, member)

static const struct refusal refusals[] = {
    {AT(hostname), "web\nd-i preseed/late_command string reboot", "'hostname' cannot be written"},
    {AT(hostname), "web\r", "'hostname' cannot be written"},
    {AT(hostname), " web", "begins or ends with a blank"},
    {AT(domain), "example.org\\", "ends with a backslash"},
    {AT(locale), "C\n", "'locale' cannot be written"},
    {AT(timezone), "\x1b[31m", "'timezone' cannot be written"},
    {AT(keyboard), "us\nx", "'keyboard' cannot be written"},
    {AT(release), "trixie\nx", "'suite' cannot be written"},
    {AT(proxy), "http://a.example.org/\nx", "'proxy' cannot be written"},
    {AT(mirror), "http://a.example.org/ \nx", "is not a URL"},
    {AT(mirror), "http://a b/", "is not a URL"},
    {AT(mirror), "archive", "is not a URL"},
    {AT(late_command), "echo \x01", "'late_command' cannot be written"},
    {AT(kernel_package), "linux image", "the package name 'linux image'"},
    {AT(packages), words_shell, "the package name 'a$(b)'"},
    {AT(packages), words_option, "the package name '--force'"},
    {AT(packages), words_line, "the package name 'a\nb'"},
    {AT(packages), words_blank, "the package name 'a b'"},
    {AT(packages), words_bytes, "the package name"},
    {AT(kernel_args), words_shell, "the kernel argument 'a$(b)'"},
    {AT(kernel_args), words_blank, "the kernel argument 'a b'"},
    {AT(kernel_args), words_line, "the kernel argument 'a\nb'"},
};

static void hostile(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(refusals); i++) {
        struct os_answers bent = full;
        g_autoptr(GError) error = NULL;
        memcpy((char *)&bent + refusals[i].offset, &refusals[i].value, sizeof(void *));
        g_autoptr(GPtrArray) files = answer(&bent, &error);
        if (files || !error || !strstr(error->message, refusals[i].says))
            fail_msg("case %zu: %s", i, error ? error->message : "was taken");
    }
}

static void hostile_users(void **state)
{
    (void)state;
    static const struct os_user cases[] = {
        {.name = "x; reboot", .groups = none, .ssh_keys = none},
        {.name = "--system", .groups = none, .ssh_keys = none},
        {.name = "../x", .groups = none, .ssh_keys = none},
        {.name = "x", .groups = words_shell, .ssh_keys = none},
        {.name = "x", .groups = words_option, .ssh_keys = none},
        {.name = "x", .fullname = "a\nb", .groups = none, .ssh_keys = none},
        {.name = "x", .password_hash = "a\nb", .groups = none, .ssh_keys = none},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const struct os_user pair[] = {users[0], cases[i]};
        struct os_answers bent = full;
        g_autoptr(GError) error = NULL;
        bent.users = pair;
        bent.n_users = 2;
        g_autoptr(GPtrArray) files = answer(&bent, &error);
        if (files || !error)
            fail_msg("user %zu was taken", i);
    }
}

static void no_kickstart(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    assert_null(installer()->answer(&full, "/no/such/folder", &error));
    assert_non_null(strstr(error->message, "/no/such/folder/kickstart/debian.preseed"));
}

/* ---- the record ---- */

static void package(void **state)
{
    (void)state;
    g_autofree char *trixie = installer()->package("trixie", "x86_64");
    assert_string_equal(trixie, "debian-installer-13-netboot-amd64");
    assert_null(installer()->package("sarge", "x86_64"));
    assert_null(installer()->package("trixie", "vax"));
}

static void command_line(void **state)
{
    (void)state;
    g_autofree char *line = installer()->command_line(&full);
    assert_non_null(strstr(line, "auto=true priority=critical"));
    assert_non_null(strstr(line, "console=ttyS0"));
    /* What follows "---" would be the new system's. */
    assert_true(g_str_has_suffix(line, " ---"));
}

static const char *phase_of(const char *line)
{
    const char *phase = NULL;
    for (const struct os_phase *p = installer()->phases; p->pattern; p++)
        if (g_regex_match_simple(p->pattern, line, 0, 0))
            phase = p->phase;
    return phase;
}

/* Lines as a real debian-installer 13 wrote them. */
static void phases(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"Nov 22 05:53:35 main-menu[2174]: INFO: Menu item 'ethdetect' selected", "network"},
        {"Nov 22 05:54:34 main-menu[2174]: INFO: Menu item 'download-installer' selected",
         "installer components"},
        {"Nov 22 07:02:09 main-menu[338]: INFO: Menu item 'partman-base' selected", "partition"},
        {"Nov 22 07:02:09 main-menu[338]: INFO: Menu item 'bootstrap-base' selected",
         "base system"},
        {"Nov 22 07:02:09 ingot: step: unpack and configure", "base system: configure"},
        {"Nov 22 07:02:09 main-menu[338]: INFO: Menu item 'pkgsel' selected", "packages"},
        {"Nov 22 07:02:09 main-menu[338]: INFO: Menu item 'grub-installer' selected",
         "boot loader"},
        {"Nov 22 07:02:09 ingot: phase: initramfs", "initramfs"},
        {"Nov 22 07:02:09 ingot: phase: finish", "power-off"},
        {"Nov 22 07:00:44 main-menu[338]: INFO: Falling back to the package description for x",
         NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *phase = phase_of(cases[i][0]);
        if (g_strcmp0(phase, cases[i][1]) != 0)
            fail_msg("'%s' is %s", cases[i][0], phase ? phase : "no phase");
    }
}

static gboolean any_matches(const struct os_failure *list, const char *line)
{
    for (; list->pattern; list++)
        if (g_regex_match_simple(list->pattern, line, 0, 0))
            return TRUE;
    return FALSE;
}

static void failures(void **state)
{
    (void)state;
    const os_installer *i = installer();
    assert_true(any_matches(i->failures, "main-menu[338]: WARNING **: Configuring 'bootstrap-base' "
                                         "failed with error code 1"));
    assert_true(any_matches(i->failures, "Nov 22 07:43:32 ingot: error: update-grub failed"));
    /* Seen in an installation that went well: it only tried for an agent of the hypervisor. */
    assert_false(
        any_matches(i->failures, "in-target: E: Unable to locate package qemu-guest-agent"));
    assert_false(
        any_matches(i->failures, "main-menu[338]: WARNING **: Unable to set title for x."));
    assert_true(any_matches(i->console, "[    2.1] Kernel panic - not syncing: VFS: no root"));
    /* As its text frontend was seen to write them. */
    assert_true(any_matches(i->console,
                            "Loading  ... 100%\nPartition disks\n---------------\nWrite "
                            "the changes to disks?\n  1: Yes [*]  2: No\n"
                            "Prompt: '?' for help, default=2> "));
    assert_true(any_matches(i->console, "Set up users and passwords\n--------------------------\n"
                                        "Note: what you type here will be hidden.\n"
                                        "Root password:\n"));
    assert_false(any_matches(i->console, "Select and install software  ... 1%... 10%\n"));
    assert_true(any_matches(i->reasons, "Nov 22 07:43:32 ingot: kernel modules: of "
                                        "6.12.117+deb13-amd64: none; of others: "
                                        "6.12.107+deb13-amd64"));
    assert_true(any_matches(i->reasons, "in-target:  Unable to locate package nosuch"));
    assert_true(any_matches(i->reasons, "wget: can't connect to remote host (10.0.2.2): "
                                        "Connection refused"));
    assert_true(any_matches(i->console, "[Press enter to continue] "));
    assert_false(any_matches(i->console, "Retrieving packages  ... 50%"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden),         cmocka_unit_test(layout),
        cmocka_unit_test(seeded),         cmocka_unit_test(debconf),
        cmocka_unit_test(values_survive), cmocka_unit_test(users_are_made),
        cmocka_unit_test(scripts_parse),  cmocka_unit_test(hostile),
        cmocka_unit_test(hostile_users),  cmocka_unit_test(no_kickstart),
        cmocka_unit_test(package),        cmocka_unit_test(command_line),
        cmocka_unit_test(phases),         cmocka_unit_test(failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
