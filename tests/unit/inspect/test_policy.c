/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "inspect/bootloader.h"
#include "inspect/policy.h"
#include "inspect/search.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- the table of rules ---- */

/* SARIF, --disable and documents name rules by these. */
static void rules_have_names(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) rules = inspect_rules();
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    assert_true(rules->len > 20);
    for (guint i = 0; i < rules->len; i++) {
        const inspect_rule *rule = g_ptr_array_index(rules, i);
        if (!g_regex_match_simple("^[a-z]+(-[a-z]+)*$", rule->name, 0, 0) || !*rule->heading)
            fail_msg("'%s' is no name", rule->name);
        assert_non_null(inspect_level_name(rule->level));
        assert_true(g_hash_table_add(names, (gpointer)rule->name));
    }
}

/* docs/inspect.md has every rule with its level. */
static void rules_are_documented(void **state)
{
    (void)state;
    g_autofree char *path =
        g_build_filename(g_getenv("INGOT_TEST_SOURCE"), "docs", "inspect.md", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GPtrArray) rules = inspect_rules();
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    for (guint i = 0; i < rules->len; i++) {
        const inspect_rule *rule = g_ptr_array_index(rules, i);
        g_autofree char *row = g_strdup_printf("\n| `%s` | %s | %s |", rule->name,
                                               inspect_level_name(rule->level), rule->heading);
        if (!strstr(text, row))
            fail_msg("docs/inspect.md has no line %s", row);
    }
}

/* ---- keys and credentials ---- */

#define HEX "0123456789abcdef"
/* In pieces, so that nobody takes this file for a leak. */
#define KEY_LINE(kind)                                                                             \
    "-----BEGIN " kind "PRIVATE "                                                                  \
    "KEY-----"
#define BODY HEX HEX HEX HEX HEX HEX "\n"

static const struct {
    const char *path, *text, *rule;
} samples[] = {
    {"etc/ssl/private/a.key", KEY_LINE("") "\n" BODY, "private-key"},
    {"home/me/.ssh/id", KEY_LINE("OPENSSH ") "\n" BODY, "private-key"},
    {"home/me/.ssh/id", KEY_LINE("RSA ") "\r\nProc-Type: 4,ENCRYPTED\r\n" BODY, "private-key"},
    {"srv/key.json", "{\"private_key\": \"" KEY_LINE("") "\\n" BODY "\"}", "private-key"},
    {"home/me/a.ppk", "PuTTY-User-Key-File-3: ssh-ed25519\n", "private-key"},
    {"opt/program", KEY_LINE("RSA ") "\0" BODY, NULL},     /* as in a program's data */
    {"opt/x/tests/key.pem", KEY_LINE("") "\n" BODY, NULL}, /* comes with the program */
    {"etc/cert.pem", "-----BEGIN CERTIFICATE-----\n" BODY, NULL},
    {"etc/key.pub", "-----BEGIN PUBLIC KEY-----\n" BODY, NULL},
    {"etc/ssl/private/ssl-cert-snakeoil.key", KEY_LINE("") "\n" BODY, "snakeoil-key"},
    {"etc/ssh/ssh_host_rsa_key", KEY_LINE("RSA ") "\n" BODY, NULL}, /* has a rule of its own */
    {"srv/a",
     "id="
     "AK"
     "IAABCDEFGHIJKLMNOP",
     "access-token"},
    {"srv/a",
     "XAK"
     "IAABCDEFGHIJKLMNOP",
     NULL},
    {"srv/a",
     "gh"
     "p_" HEX HEX "abcd",
     "access-token"},
    {"srv/a",
     "gl"
     "pat-" HEX "abcd",
     "access-token"},
    {"srv/a",
     "xo"
     "xb-1234567890-" HEX,
     "access-token"},
    {"srv/a", "ghp_short xoxb-1 glpat-2 github_pat_ AKIA", NULL},
    {"root/.kube/config", "users:\n- user:\n    token: " HEX HEX "\n", "access-token"},
    {"root/.netrc", "machine x login me password horse\n", "credentials-file"},
    {"root/.pgpass", "host:5432:db:me:horse\n", "credentials-file"},
    {"root/.pgpass", "# host:port:database:user:\n", NULL},
    {"root/.my.cnf", "[client]\npassword=horse\n", "credentials-file"},
    {"root/.docker/config.json", "{\"auths\": {\"x\": {\"auth\": \"eDp5\"}}}", "credentials-file"},
    {"root/.docker/config.json", "{\"auths\": {}}", NULL},
    {"root/.git-credentials", "https://me:horse@host\n", "credentials-file"},
    {"root/.aws/credentials", "aws_secret_access_key = horse\n", "credentials-file"},
    {"etc/apt/auth.conf.d/x.conf", "machine x login me password horse\n", "credentials-file"},
    {"etc/apt/sources.list", "deb https://me:horse@host/debian x main\n", "url-password"},
    {"etc/pip.conf", "index-url = https://me:horse@host/simple\n", "url-password"},
    {"etc/apt/sources.list", "deb http://host:3142/debian x main\n", NULL},
    {"root/.ssh/authorized_keys", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me\n", "authorized-keys"},
    {"root/.ssh/authorized_keys", "# none\n", NULL},
};

static int tar_of(const char *path, const char *text, gsize length)
{
    int fd = memfd_create("tar", MFD_CLOEXEC);
    struct archive *a = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    archive_write_set_format_gnutar(a);
    assert_int_equal(archive_write_open_fd(a, fd), ARCHIVE_OK);
    archive_entry_set_pathname(entry, path);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_size(entry, (la_int64_t)length);
    assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
    assert_int_equal(archive_write_data(a, text, length), length);
    archive_entry_free(entry);
    archive_write_free(a);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static void secrets_are_told_apart(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(samples); i++) {
        g_autoptr(GArray) needles = policy_secret_needles();
        g_autoptr(GPtrArray) found = inspect_findings_new();
        int fd = tar_of(samples[i].path, samples[i].text, strlen(samples[i].text));
        assert_true(search_tar(fd, "/", needles, found, NULL));
        close(fd);
        const struct inspect_finding *first = found->len ? g_ptr_array_index(found, 0) : NULL;
        if (found->len > 1 || g_strcmp0(first ? first->rule->name : NULL, samples[i].rule) != 0)
            fail_msg("%s with '%s': %u found, %s", samples[i].path, samples[i].text, found->len,
                     first ? first->rule->name : "none");
        assert_true(!first || !strstr(first->text, "horse"));
    }
}

/* ---- boot loaders ---- */

static void boot_lines(void **state)
{
    (void)state;
    g_autoptr(bootloader_facts) boot = bootloader_facts_new();
    bootloader_add_text(boot,
                        "set x=console=ttyS9\nmenuentry {\n\tlinux\t/vmlinuz root=/dev/a quiet \n"
                        "  linuxefi /vmlinuz root=/dev/b\n}\n# linux /v console=ttyS1\n");
    assert_int_equal(boot->lines->len, 2);
    assert_string_equal(g_ptr_array_index(boot->lines, 0), "root=/dev/a quiet");
    assert_null(boot->serial);
    bootloader_add_text(boot, "APPEND root=/dev/a quiet\n");
    assert_int_equal(boot->lines->len, 2);
    bootloader_add_text(boot, "title x\noptions root=/dev/c console=tty0 console=ttyAMA0,115200\n");
    assert_int_equal(boot->lines->len, 3);
    assert_string_equal(boot->serial, "ttyAMA0,115200");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_have_names), cmocka_unit_test(rules_are_documented),
        cmocka_unit_test(secrets_are_told_apart), cmocka_unit_test(boot_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
