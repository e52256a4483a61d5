/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/tree.h"

#include "guest/operations.h"

/* Logs and answer files of debian-installer, Anaconda, AutoYaST and subiquity. */
const char guest_installer_files[] =
    "/{var/log/{installer,anaconda,YaST2},"
    "{,root/,tmp/,var/lib/}{preseed.cfg,preseed,*.preseed,ks.cfg},"
    "root/{anaconda-ks.cfg,original-ks.cfg,initial-setup-ks.cfg,install.log,install.log.syslog,"
    "autoinst.xml,inst-sys},"
    "var/adm/autoinstall,etc/cloud/cloud.cfg.d/99-installer.cfg,autoinstall.yaml}";

/* Copies that debconf(7) makes before each change: they hold what was there before, such as the
 * password of the day. */
static const char backups[] = "/var/cache/debconf/*-old";

/* Answers to password questions; debconf fills the file again when it is asked. */
static const char passwords[] = "/var/cache/debconf/passwords.dat";

/* debian-installer leaves its proxy to the system it installed.  10.0.2.0/24 is the network that
 * QEMU makes for one user-mode NIC (qemu(1), -netdev user): nobody answers there later on. */
static const struct guest_line_rule proxy = {"/etc/apt/{apt.conf,apt.conf.d/*}",
                                             "^[ \t]*Acquire::[a-z:]*[Pp]roxy.*10\\.0\\.2\\.", NULL,
                                             "the proxy of the build"};

static gboolean run(guest *g, GError **error)
{
    return guest_remove(g, guest_installer_files, error) && guest_remove(g, backups, error) &&
           guest_empty(g, passwords, error) && guest_edit(g, &proxy, error);
}

const guest_operation operation_installer_leavings = {
    .name = "installer-leavings",
    .heading = "Remove answer files, logs, saved passwords and settings of the installer",
    .run = run,
};
