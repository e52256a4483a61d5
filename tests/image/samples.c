/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "phony.h"

/* In the order of the operations' names. */
const struct phony_sample phony_samples[] = {
    {"abrt-data", "var/spool/abrt/ccpp-1/core", "etc/abrt/abrt.conf"},
    {"blkid-tab", "etc/blkid.tab.old", "etc/blkid.conf"},
    {"cloud-init", "var/lib/cloud/instances/i-1/user-data.txt", "etc/cloud/cloud.cfg"},
    {"crash-data", "var/lib/systemd/coredump/core.sshd.0", "etc/systemd/coredump.conf"},
    {"cron-spool", "var/spool/cron/crontabs/admin", "etc/cron.d/e2scrub_all"},
    {"dovecot-data", "var/lib/dovecot/ssl-parameters.dat", "etc/dovecot/dovecot.conf"},
    {"firewall-rules", "etc/iptables/rules.v4", "etc/nftables.conf"},
    {"kerberos-data", "var/lib/krb5kdc/principal.ok", "etc/krb5kdc/kdc.conf"},
    {"kerberos-hostkeytab", "etc/krb5.keytab", "etc/krb5.conf"},
    {"ldap-state", "var/lib/sss/db/cache_example.ldb", "etc/sssd/sssd.conf"},
    {"lvm-system-id", "etc/lvm/lvmlocal.conf.d/id.conf", "etc/lvm/lvm.conf"},
    {"mail-spool", "var/mail/admin", "etc/aliases"},
    {"mail-spool", "var/spool/postfix/deferred/A/A1", "var/spool/postfix/etc/resolv.conf"},
    {"pacct-log", "var/account/pacct", "etc/default/acct"},
    {"pam-data", "run/faillock/admin", "etc/pam.d/login"},
    {"passwd-backups", "var/backups/shadow.bak", "var/backups/dpkg.status.0"},
    {"puppet-data", "etc/puppetlabs/puppet/ssl/private_keys/a.pem",
     "etc/puppetlabs/puppet/puppet.conf"},
    {"puppet-data", "etc/salt/pki/minion/minion.pem", "etc/salt/minion"},
    {"rh-subscription-manager", "etc/pki/consumer/key.pem", "etc/pki/product/69.pem"},
    {"rpm-db", "var/lib/rpm/__db.001", "var/lib/rpm/rpmdb.sqlite"},
    {"samba-data", "var/lib/samba/private/secrets.tdb", "etc/samba/smb.conf"},
    {"ssh-userdir", "root/.ssh/authorized_keys", "etc/ssh/ssh_config"},
    {"utmp", "run/utmp", "run/motd"},
    {"uuids-of-tools", "var/lib/dnf/repos/fedora/countme", "etc/dnf/dnf.conf"},
    {NULL, NULL, NULL},
};
