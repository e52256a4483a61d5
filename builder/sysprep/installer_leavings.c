/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

/* Copies that debconf(7) makes before each change: they hold what was there before, such as the
 * password of the day. */
static const char backups[] = "/var/cache/debconf/*-old";

/* Answers to password questions; debconf fills the file again when it is asked. */
static const char passwords[] = "/var/cache/debconf/passwords.dat";

/* Installers leave their proxy to the system they installed: apt.conf(5), dnf.conf(5), SUSE's
 * settings, Alpine's setup-proxy.  10.0.2.0/24 is the network that QEMU makes for one user-mode NIC
 * (qemu(1), -netdev user): nobody answers there later on. */
static const struct guest_line_rule proxy = {
    "/etc/{apt/{apt.conf,apt.conf.d/*},{dnf/dnf,yum}.conf,dnf/libdnf5.conf.d/*.conf,"
    "yum.repos.d/*.repo,sysconfig/proxy,environment,profile.d/*proxy*.sh}",
    "^[^#]*[Pp](roxy|ROXY).*[/@\"'= ]10\\.0\\.2\\.[0-9]", NULL, "the proxy of the build"};

static gboolean installer_leavings_operation(guest *g, GError **error)
{
    return guest_remove(g, trace_installer_files, error) && guest_remove(g, backups, error) &&
           guest_empty(g, passwords, error) && guest_edit(g, &proxy, error);
}

const sysprep_operation operation_installer_leavings = {
    .name = "installer-leavings",
    .heading = "Remove answer files, logs, saved passwords and settings of the installer",
    .run = installer_leavings_operation,
};
