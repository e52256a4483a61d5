/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "sysprep/sysprep.h"

#include <string.h>

static void records_are_whole(void **state)
{
    (void)state;
    const sysprep_operation *const *all = sysprep_operations();
    assert_non_null(*all);
    for (const sysprep_operation *const *op = all; *op; op++) {
        assert_non_null((*op)->heading);
        assert_true((*op)->run || (*op)->remove || (*op)->empty);
        assert_true(g_regex_match_simple("^[a-z]+(-[a-z]+)*$", (*op)->name, 0, 0));
        for (const sysprep_operation *const *other = all; other < op; other++)
            assert_string_not_equal((*op)->name, (*other)->name);
    }
}

static int place(const char *name)
{
    int i = 0;
    for (const sysprep_operation *const *op = sysprep_operations(); *op; op++, i++)
        if (strcmp((*op)->name, name) == 0)
            return i;
    fail_msg("there is no operation %s", name);
    return -1;
}

/* Emptying the installer's logs before they are removed would be work for nothing. */
static void order(void **state)
{
    (void)state;
    assert_true(place("installer-leavings") < place("logs"));
    assert_true(place("machine-id") < place("first-boot"));
    /* It takes the homes from the accounts that user-account removes. */
    assert_true(place("shell-history") < place("user-account"));
    assert_true(place("swap") < place("fs-uuids"));
}

/* virt-sysprep --list-operations of guestfs-tools 1.48 without customize and script, which are
 * options of `ingot sysprep`. */
static const char *const virt_sysprep[] = {"abrt-data",
                                           "backup-files",
                                           "bash-history",
                                           "blkid-tab",
                                           "ca-certificates",
                                           "crash-data",
                                           "cron-spool",
                                           "dhcp-client-state",
                                           "dhcp-server-state",
                                           "dovecot-data",
                                           "firewall-rules",
                                           "flag-reconfiguration",
                                           "fs-uuids",
                                           "ipa-client",
                                           "kerberos-data",
                                           "kerberos-hostkeytab",
                                           "logfiles",
                                           "lvm-uuids",
                                           "machine-id",
                                           "mail-spool",
                                           "net-hostname",
                                           "net-hwaddr",
                                           "net-nmconn",
                                           "pacct-log",
                                           "package-manager-cache",
                                           "pam-data",
                                           "passwd-backups",
                                           "puppet-data-log",
                                           "rh-subscription-manager",
                                           "rhn-systemid",
                                           "rpm-db",
                                           "samba-db-log",
                                           "smolt-uuid",
                                           "ssh-hostkeys",
                                           "ssh-userdir",
                                           "sssd-db-log",
                                           "tmp-files",
                                           "udev-persistent-net",
                                           "user-account",
                                           "utmp",
                                           "yum-uuid"};

static void virt_sysprep_is_covered(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(virt_sysprep); i++)
        if (!sysprep_operation_find(virt_sysprep[i]))
            fail_msg("there is no operation %s", virt_sysprep[i]);
    assert_ptr_equal(sysprep_operation_find("yum-uuid"), sysprep_operation_find("smolt-uuid"));
    assert_null(sysprep_operation_find("yum-uuid smolt-uuid"));
    assert_null(sysprep_operation_find(""));
}

static void families(void **state)
{
    (void)state;
    static const char *const deb[] = {"deb", NULL};
    static const char *const debian[] = {"fedora", "debian", NULL};
    static const char *const rpm[] = {"rpm", NULL};
    guest_facts facts = {.distro = (char[]){"debian"}};
    const guest g = {.format = (char[]){"deb"}, .facts = &facts};
    assert_true(guest_is_of(&g, NULL));
    assert_true(guest_is_of(&g, deb));
    assert_true(guest_is_of(&g, debian));
    assert_false(guest_is_of(&g, rpm));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(records_are_whole), cmocka_unit_test(order),
                                       cmocka_unit_test(virt_sysprep_is_covered),
                                       cmocka_unit_test(families)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
