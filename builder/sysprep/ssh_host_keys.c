/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

#define UNIT_PATH "/etc/systemd/system/ingot-ssh-host-keys.service"
#define WANTS_DIR "/etc/systemd/system/multi-user.target.wants"

/* Debian makes host keys when the package is configured and never again: sshd without keys does not
 * start.  The unit asks each time, so that it also helps who removes the keys by hand. */
static const char unit[] =
    "# Makes the SSH host keys of this machine when it has none: a template has none.\n"
    "[Unit]\n"
    "Description=Make the SSH host keys of this machine\n"
    "Documentation=man:ssh-keygen(1)\n"
    "Before=ssh.service ssh.socket sshd.service\n"
    "ConditionPathIsReadWrite=/etc/ssh\n"
    "ConditionPathExistsGlob=!/etc/ssh/ssh_host_*_key\n"
    "\n"
    "[Service]\n"
    "Type=oneshot\n"
    "ExecStart=/usr/bin/ssh-keygen -A\n"
    "\n"
    "[Install]\n"
    "WantedBy=multi-user.target\n";

/* Things that make host keys by themselves at boot: cloud-init, init scripts (OpenRC, old Red Hat;
 * not Debian's, which is called ssh), the units of Fedora and Arch, and what SUSE's unit calls.
 * sshd-keygen.service of Debian 13 is none of them: it has ConditionFirstBoot=yes, and an empty
 * machine-id is no first boot (machine_id.c). */
static const char makers[] = "/{usr/bin/cloud-init,etc/init.d/sshd,usr/sbin/sshd-gen-keys-start,"
                             "{usr/,}lib/systemd/system/{sshd-keygen.target,sshdgenkeys.service}}";

static gboolean install_unit(guest *g, GError **error)
{
    progress_detail(g->p, "host keys will be made at first boot by %s", UNIT_PATH);
    return guest_mkdirs(g, WANTS_DIR, error) && guest_write_file(g, UNIT_PATH, unit, error) &&
           guest_chmod(g, UNIT_PATH, 0644, error) &&
           guest_symlink(g, UNIT_PATH, WANTS_DIR "/ingot-ssh-host-keys.service", error);
}

static gboolean ssh_host_keys_operation(guest *g, GError **error)
{
    gboolean server, maker;
    if (!guest_remove(g, trace_host_keys, error) ||
        !guest_any(g, "/usr/sbin/sshd", &server, error) || !guest_any(g, makers, &maker, error))
        return FALSE;
    if (server && !maker && g->facts->systemd)
        return install_unit(g, error);
    if (server && !maker)
        progress_warning(g->p, "the guest has an SSH server but nothing that makes new host keys "
                               "at boot: sshd will not start in clones");
    return TRUE;
}

const sysprep_operation operation_ssh_host_keys = {
    .name = "ssh-host-keys",
    .also = "ssh-hostkeys",
    .heading = "Remove the SSH host keys, and make new ones at first boot",
    .run = ssh_host_keys_operation,
};
