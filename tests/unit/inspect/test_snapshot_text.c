/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "inspect/snapshot.h"

#include <string.h>

#define ID   "5f0c0de0-1111-4222-8333-444455556666"
#define HASH "$y$j9T$abc$def"

/* The section as lines "key=value", sorted; the caller owns it. */
static char *listed(snapshot *s, enum snapshot_section section)
{
    g_autoptr(GError) error = NULL;
    GString *out = g_string_new(NULL);
    assert_true(snapshot_finish(s, &error));
    assert_no_error(error);
    const GPtrArray *facts = snapshot_facts(s, section);
    for (guint i = 0; i < facts->len; i++) {
        const struct snapshot_fact *fact = g_ptr_array_index(facts, i);
        g_string_append_printf(out, "%s=%s\n", fact->key, fact->value);
    }
    return g_string_free(out, FALSE);
}

static void assert_listed(snapshot *s, enum snapshot_section section, const char *wanted)
{
    g_autofree char *found = listed(s, section);
    assert_string_equal(found, wanted);
}

static void uuids_go(void **state)
{
    static const char *const cases[][2] = {
        {"root=UUID=" ID " ro", "root=UUID=UUID ro"},
        {"root=uuid=" ID, "root=uuid=UUID"},
        {"PARTUUID=1234abcd-01 x", "PARTUUID=UUID x"},
        {"UUID=\"12AB-34CD\" /boot/efi", "UUID=\"UUID\" /boot/efi"},
        {"/dev/disk/by-uuid/12AB-34CD", "/dev/disk/by-uuid/UUID"},
        {"/dev/disk/by-partuuid/" ID, "/dev/disk/by-partuuid/UUID"},
        {"search --fs-uuid " ID, "search --fs-uuid UUID"},
        {"linux-6.12.107 root=/dev/vda1", "linux-6.12.107 root=/dev/vda1"},
        {"", ""}};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *out = snapshot_without_uuids(cases[i][0]);
        assert_string_equal(out, cases[i][1]);
    }
}

static void accounts(void **state)
{
    (void)state;
    g_autoptr(snapshot) s = snapshot_new();
    snapshot_add_passwd(s, "root:x:0:0:root:/root:/bin/bash\nold:" HASH ":5:5::/:\n\n"
                           "open::6:6:,,:/home/open:/bin/sh\n");
    snapshot_add_group(s, "sudo:x:27:zoe,adam\nroot:x:0:\nodd:!:9:\n");
    snapshot_add_shadow(s, "root:" HASH ":1:0:99999:7:::\na:*:1::::::\nb:!" HASH ":1::::::\n"
                           "c::1::::::\nd:!:1::::::\n");
    assert_listed(s, SNAPSHOT_ACCOUNTS,
                  "group odd=9, password here: locked\n"
                  "group root=0\n"
                  "group sudo=27, members adam,zoe\n"
                  "password of a=locked\n"
                  "password of b=locked\n"
                  "password of c=empty\n"
                  "password of d=locked\n"
                  "password of root=has password\n"
                  "user old=5:5, '', /, no shell, password here: has password\n"
                  "user open=6:6, ',,', /home/open, /bin/sh, password here: empty\n"
                  "user root=0:0, 'root', /root, /bin/bash\n");
}

/* Whatever is wrong with a line of an account file, no hash comes out. */
static void hashes_never_show(void **state)
{
    static const char *const lines[] = {HASH,
                                        HASH ":1:0:99999:7:::",
                                        HASH ":x:1:0:99999:7:::",
                                        HASH ":x:0:0:root:/root:/bin/bash",
                                        HASH ":x:27:adam",
                                        "root:" HASH,
                                        "root:" HASH ":",
                                        "root:" HASH ":0:0:99999:7::",
                                        "root:" HASH ":0:0:99999:7::::::",
                                        ":" HASH ":0:0:99999:7:::",
                                        "root:\n" HASH,
                                        "root:x:\r" HASH};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autoptr(snapshot) s = snapshot_new();
        snapshot_add_passwd(s, lines[i]);
        snapshot_add_group(s, lines[i]);
        snapshot_add_shadow(s, lines[i]);
        g_autofree char *found = listed(s, SNAPSHOT_ACCOUNTS);
        if (!*found || strstr(found, "$y"))
            fail_msg("'%s' gives '%s'", lines[i], found);
    }
}

static void fstab(void **state)
{
    (void)state;
    g_autoptr(snapshot) s = snapshot_new();
    snapshot_add_fstab(s, "# a comment\n\n \t\n  # another\n"
                          "UUID=" ID "\t/   ext4  errors=remount-ro 0 1\r\n"
                          "/dev/vda5 none swap sw 0 0\n"
                          "//host/x /mnt cifs user=a,password=geheim,ro 0 0\n"
                          "odd\n");
    assert_listed(s, SNAPSHOT_FSTAB,
                  "/=UUID=UUID ext4 errors=remount-ro 0 1\n"
                  "/dev/vda5=none swap sw 0 0\n"
                  "/mnt=//host/x cifs user=a,password=…,ro 0 0\n"
                  "a line that is no entry=odd\n");
}

static void boot(void **state)
{
    (void)state;
    g_autoptr(snapshot) s = snapshot_new();
    snapshot_add_grub_cfg(s, "grub.cfg",
                          "linux_is=this\nmenuentry 'Debian' --class x {\n"
                          "\techo 'Loading'\n\tlinux\t/boot/vmlinuz root=UUID=" ID " ro  quiet\n}\n"
                          "submenu 'Advanced' {\n menuentry \"It's old\" {\n linuxefi /old\n}\n}\n"
                          "menuentry untitled {\nlinux16 /x\n");
    snapshot_add_boot_settings(s, "grub", "#A=1\n\nB=\"c d\"\n  C=x=y\nexport D\n", '=');
    snapshot_add_boot_settings(s, "entry", "options root=UUID=" ID " ro\n", ' ');
    snapshot_add_boot_settings(s, "cmdline", "root=/dev/x ro\n", '\0');
    assert_listed(s, SNAPSHOT_BOOT,
                  "cmdline=root=/dev/x ro\n"
                  "entry: options=root=UUID=UUID ro\n"
                  "grub.cfg: Debian=/boot/vmlinuz root=UUID=UUID ro quiet\n"
                  "grub.cfg: It's old=/old\n"
                  "grub.cfg: no title=/x\n"
                  "grub: B=\"c d\"\n"
                  "grub: C=x=y\n"
                  "grub: export D=\n");
}

static void auto_marks(void **state)
{
    (void)state;
    g_autoptr(snapshot) s = snapshot_new();
    snapshot_add_auto_marks(s, "Package: git\nArchitecture: amd64\nAuto-Installed: 1\n\n"
                               "Package: vim\nArchitecture: amd64\nAuto-Installed: 0\n\n\n"
                               "Architecture: amd64\nAuto-Installed: 1\n\n"
                               "Package: tree\nAuto-Installed: 1");
    assert_listed(s, SNAPSHOT_MARKS, "git:amd64=\ntree=\n");
}

static void units(void **state)
{
    static const char *const links[][2] = {
        {"system/multi-user.target.wants/ssh.service", "/lib/systemd/system/ssh.service"},
        {"system/getty.target.wants/getty@tty1.service", "/usr/lib/systemd/system/getty@.service"},
        {"system/a.service.requires/b.service", "../b.service"},
        {"system/a.service.wants/c.service", "/dev/null"},
        {"user/sockets.target.wants/x.socket", "/usr/lib/systemd/user/x.socket"},
        {"system/nscd.service", "/dev/null"},
        {"system/empty.service", NULL},
        {"system/sshd.service", "/lib/systemd/system/ssh.service"},
        {"system/default.target", "/lib/systemd/system/multi-user.target"},
        /* These say nothing. */
        {"system/a.service.d/override.conf", "/x"},
        {"system/a.service.wants/file.service", NULL},
        {"system/a/b/c.service", "/x"},
        {"network/10-lan.network", "/dev/null"},
        {"system", "/x"}};
    (void)state;
    g_autoptr(snapshot) s = snapshot_new();
    for (gsize i = 0; i < G_N_ELEMENTS(links); i++)
        snapshot_add_unit(s, links[i][0], links[i][1]);
    assert_true(snapshot_has(s, SNAPSHOT_UNITS, SNAPSHOT_DEFAULT_TARGET));
    assert_listed(s, SNAPSHOT_UNITS,
                  "default target=multi-user.target\n"
                  "system/a.service.requires/b.service=enabled\n"
                  "system/a.service.wants/c.service=masked\n"
                  "system/empty.service=masked\n"
                  "system/getty.target.wants/getty@tty1.service=enabled as getty@.service\n"
                  "system/multi-user.target.wants/ssh.service=enabled\n"
                  "system/nscd.service=masked\n"
                  "system/sshd.service=is ssh.service\n"
                  "user/sockets.target.wants/x.socket=enabled\n");
}

static void too_much_is_an_error(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(snapshot) s = snapshot_new();
    for (guint i = 0; i <= 1u << 20; i++)
        snapshot_add(s, SNAPSHOT_ETC, "x", NULL, NULL);
    assert_false(snapshot_finish(s, &error));
    assert_error_says(error, INGOT_EXIT_SEAL, "too much to compare");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(uuids_go),
                                       cmocka_unit_test(accounts),
                                       cmocka_unit_test(hashes_never_show),
                                       cmocka_unit_test(fstab),
                                       cmocka_unit_test(boot),
                                       cmocka_unit_test(auto_marks),
                                       cmocka_unit_test(units),
                                       cmocka_unit_test(too_much_is_an_error)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
