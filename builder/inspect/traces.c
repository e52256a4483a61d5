/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/inspect.h"

/* Written by udev before systemd 197, and by hand since. */
const char trace_udev_net_rules[] =
    "/etc/udev/rules.d/{70-persistent-net,75-persistent-net-generator}.rules";

/* The places in which network configuration is tied to one card: interfaces(5),
 * nm-settings-keyfile(5), systemd.network(5) and systemd.link(5), netplan(5), and the ifcfg files
 * of Red Hat and SUSE.  Where a match is required, something that fits every Ethernet card takes
 * the place of the address; an unknown key in another section only makes systemd warn. */
const struct guest_line_rule trace_nic_rules[] = {
    {"/etc/network/{interfaces,interfaces.d/*}", "^[ \t]*hwaddress[ \t]", NULL, "a MAC address"},
    {"/etc/NetworkManager/system-connections/*",
     "^[ \t]*(uuid[ \t]*=[ \t]*[^ \t]|mac-address[ \t]*=[ \t]*[^ \t]|"
     "(cloned|assigned)-mac-address[ \t]*=[ \t]*[0-9A-Fa-f]{2}[:-])",
     NULL, "the UUID or MAC address of a connection"},
    {"/etc/systemd/network/*.{network,link}", "^[ \t]*(Permanent)?MACAddress[ \t]*=.*",
     "Type=ether", "a MAC address"},
    {"/etc/netplan/*.{yaml,yml}", "^([ \t]*)macaddress[ \t]*:.*", "\\1name: \"e*\"",
     "a MAC address"},
    {"/etc/sysconfig/{network-scripts,network}/ifcfg-*",
     "^[ \t]*(HWADDR|MACADDR|LLADDR|UUID)[ \t]*=", NULL, "the UUID or MAC address of a card"},
    {NULL, NULL, NULL, NULL},
};

/* Logs and answer files of debian-installer, Anaconda, AutoYaST, Agama, subiquity (with curtin) and
 * Alpine's setup-alpine. */
const char trace_installer_files[] =
    "/{var/log/{installer,anaconda,YaST2,agama,agama-installation,curtin},"
    "{,root/,tmp/,var/lib/}{preseed.cfg,preseed,*.preseed,ks.cfg},"
    "root/{anaconda-ks.cfg,anaconda-post.log,original-ks.cfg,initial-setup-ks.cfg,install.log,"
    "install.log.syslog,autoinst.xml,inst-sys,agama*.json,agama*.jsonnet,curtin-install*.log,"
    "curtin-install-cfg.yaml},"
    "{,root/,tmp/}{answerfile,alpine-answers,setup-alpine.conf},"
    "var/adm/autoinstall,var/lib/autoinstall,{etc,var/lib/YaST2}/install.inf,"
    "etc/cloud/cloud.cfg.d/{99-installer.cfg,subiquity-disable-cloudinit-networking.cfg},"
    "autoinstall.yaml,root/autoinstall.yaml}";

/* systemd-random-seed(8), systemd-boot's seed, the seeds of other init scripts (OpenRC's
 * seedrng); and the key that
 * systemd-creds(1) makes for one host. */
const char trace_random_seeds[] =
    "/{var/lib/systemd/{random-seed,credential.secret},var/lib/{urandom/,misc/,}random-seed,"
    "var/lib/seedrng/seed.*,"
    "{boot/,}{efi/,}loader/random-seed}";

/* dhclient; dhcpcd with its DUID and secret; NetworkManager with the key it derives identities
 * from; networkd; SUSE's wicked and its old dhcpcd. */
const char trace_dhcp_leases[] =
    "/{var/lib/{dhcp,dhcp3,dhclient}/*,"
    "var/{lib,db}/dhcpcd/{*.lease*,*.lease6*,duid,secret,rdm_monotonic},"
    "etc/dhcpcd.{duid,secret},var/lib/dhcpcd5/*,"
    "var/lib/NetworkManager/{*.lease,*.lease6,secret_key,seen-bssids,timestamps,internal-*},"
    "var/lib/systemd/network/*,var/lib/wicked/{lease-*,duid.xml,iaid.xml,rfc4941*},"
    "var/lib/dhcpcd/dhcpcd-*.{info,cache}}";

/* cloud-init clean(1) removes the same: without it a clone takes itself for the machine that was
 * sealed. */
const char trace_cloud_init[] = "/{var/lib,run}/{cloud,cloud-init}/*";

const char trace_host_keys[] = "/etc/ssh/ssh_host_*key{,.pub}";

static const char histories[] =
    "/{.*_history,.lesshst,.viminfo,.wget-hsts,.sudo_as_admin_successful,"
    ".local/share/fish/fish_history}";

/* Services have homes, too: that of PostgreSQL has a .psql_history. */
char *trace_histories(guest *g, GError **error)
{
    g_autofree char *homes = guest_homes(g, error);
    return homes ? g_strconcat(homes, histories, NULL) : NULL;
}
