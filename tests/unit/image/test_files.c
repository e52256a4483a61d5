/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "sysprep/sysprep.h"

#include <string.h>

static const struct guest_line_rule *rule_for(const char *files)
{
    for (const struct guest_line_rule *rule = trace_nic_rules; rule->files; rule++)
        if (strstr(rule->files, files))
            return rule;
    fail_msg("there is no rule for %s", files);
    return NULL;
}

static void assert_edit(const struct guest_line_rule *rule, const char *text, const char *expected)
{
    g_autofree char *edited = guest_edit_text(rule, text);
    if (expected)
        assert_string_equal(edited, expected);
    else
        assert_null(edited);
}

static void interfaces(void **state)
{
    (void)state;
    const struct guest_line_rule *rule = rule_for("/etc/network/");
    assert_edit(rule, "iface eth0 inet dhcp\n\thwaddress ether 02:00:00:00:00:01\nauto eth0\n",
                "iface eth0 inet dhcp\nauto eth0\n");
    assert_edit(rule, "hwaddress 02:00:00:00:00:01", "");
    assert_edit(rule, "# hwaddress ether\nauto eth0\n", NULL);
    assert_edit(rule, "", NULL);
    assert_edit(rule, "\n\n", NULL);
    assert_edit(rule, "\xff\xfe\nhwaddress x\nend", "\xff\xfe\nend");
}

static void keyfile(void **state)
{
    (void)state;
    const struct guest_line_rule *rule = rule_for("NetworkManager");
    assert_edit(rule, "[connection]\nid=a\nuuid=1-2\n[ethernet]\nmac-address = 02:00\n",
                "[connection]\nid=a\n[ethernet]\n");
    assert_edit(rule, "mac-address=\nmac-address-blacklist=\nuuid=\n", NULL);
}

static void networkd(void **state)
{
    (void)state;
    const struct guest_line_rule *rule = rule_for("systemd/network");
    assert_edit(rule, "[Match]\nMACAddress=02:00\n[Network]\nDHCP=yes\n",
                "[Match]\nType=ether\n[Network]\nDHCP=yes\n");
    assert_edit(rule, "[Match]\nPermanentMACAddress = 02:00", "[Match]\nType=ether");
    assert_edit(rule, "[Match]\nName=eth0\n[Link]\nMACAddressPolicy=none\n", NULL);
}

static void netplan(void **state)
{
    (void)state;
    const struct guest_line_rule *rule = rule_for("netplan");
    assert_edit(rule, "   match:\n      macaddress: '02:00'\n   set-name: eth0\n",
                "   match:\n      name: \"e*\"\n   set-name: eth0\n");
    assert_edit(rule, "   match:\n      name: \"e*\"\n", NULL);
}

static void ifcfg(void **state)
{
    (void)state;
    const struct guest_line_rule *rule = rule_for("ifcfg");
    assert_edit(rule, "DEVICE=eth0\nHWADDR=02:00\nUUID=1\nONBOOT=yes\n",
                "DEVICE=eth0\nONBOOT=yes\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(interfaces), cmocka_unit_test(keyfile),
                                       cmocka_unit_test(networkd), cmocka_unit_test(netplan),
                                       cmocka_unit_test(ifcfg)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
