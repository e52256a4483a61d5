/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "inspect/fstab.h"
#include "inspect/policy.h"

#include <string.h>

#define ID   "5f0c0de0-1111-4222-8333-444455556666"
#define ROOT "UUID=" ID " / ext4 defaults 0 1\n"

static gboolean is_known(const inspect_rule *rule)
{
    for (const inspect_rule *const *known = fstab_rules; *known; known++)
        if (*known == rule)
            return TRUE;
    return FALSE;
}

static void assert_judged(const char *text, const char *says)
{
    g_autoptr(GPtrArray) broken = inspect_findings_new();
    fstab_judge(text, ID, broken);
    const struct inspect_finding *first = broken->len ? g_ptr_array_index(broken, 0) : NULL;
    if (!says && first)
        fail_msg("'%s' is said of '%s'", first->text, text);
    if (!says)
        return;
    assert_int_equal(broken->len, 1);
    if (!strstr(first->text, says))
        fail_msg("'%s' is not '%s'", first->text, says);
    assert_string_equal(first->path, "/etc/fstab");
    assert_true(is_known(first->rule));
}

static void good_tables(void **state)
{
    (void)state;
    assert_judged(ROOT, NULL);
    assert_judged("# a comment\n\n \t \n" ROOT "# /dev/vda5 none swap sw 0 0\n", NULL);
    assert_judged("UUID=\"" ID "\"\t/\text4", NULL);
    assert_judged("/dev/disk/by-uuid/" ID " / ext4 x\n", NULL);
    assert_judged("UUID=5F0C0DE0-1111-4222-8333-444455556666 / ext4 x\n", NULL);
    assert_judged("PARTUUID=1234-01 / ext4 x\n", NULL);
    assert_judged(ROOT "UUID=12AB-34CD /boot/efi vfat umask=0077 0 1\n", NULL);
    assert_judged(ROOT "/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0\n", NULL);
    assert_judged(ROOT "tmpfs /tmp tmpfs size=1g 0 0\nserver:/x /mnt nfs x 0 0\n", NULL);
}

static void bad_tables(void **state)
{
    (void)state;
    assert_judged(NULL, "0 lines for the root");
    assert_judged("", "0 lines for the root");
    assert_judged(ROOT ROOT, "2 lines for the root");
    assert_judged("/dev/vda1 / ext4 x\n", "as /dev/vda1, not by UUID");
    assert_judged("LABEL=root / ext4 x\n", "as LABEL=root, not by UUID");
    assert_judged("UUID=abcd / ext4 x\n", "by the UUID abcd, but it is " ID);
    assert_judged(ROOT "UUID=1 none swap sw 0 0\n", "a swap line: UUID=1");
    assert_judged(ROOT "/swapfile swap swap defaults 0 0\n", "a swap line: /swapfile");
    assert_judged(ROOT "UUID=2 /home ext4 x\n", "beside root: UUID=2 on /home");
    assert_judged(ROOT "/dev/\033[2Jvdb /a ext4 x\n", "/dev/vdb on /a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(good_tables), cmocka_unit_test(bad_tables)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
