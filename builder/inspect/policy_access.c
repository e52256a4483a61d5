/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may do what in a clone: how it boots, who can become root, who may write where. */
#include "inspect/policy.h"

#include "inspect/bootloader.h"

/* ---- boot ---- */

static const inspect_rule boot_loader = {"boot-loader", "There is a boot loader", INSPECT_WARNING};
static const inspect_rule serial_console = {"serial-console", "The kernel has a serial console",
                                            INSPECT_NOTE};

static gboolean policy_boot(guest *g, const struct inspect_spec *asked, GPtrArray *broken,
                            GError **error)
{
    (void)asked;
    g_autoptr(bootloader_facts) boot = bootloader_read(g, error);
    if (!boot)
        return FALSE;
    if (!boot->loaders->len)
        policy_break(broken, &boot_loader, NULL, "the image has no known boot loader");
    if (!boot->serial)
        policy_break(broken, &serial_console, NULL,
                     "no serial console: neither console=ttyS0 for the kernel nor a login there");
    return TRUE;
}

const inspect_check check_boot = {
    .name = "boot",
    .rules = (const inspect_rule *const[]){&boot_loader, &serial_console, NULL},
    .survey_only = TRUE,
    .run = policy_boot,
};

/* ---- ways to root ---- */

static const inspect_rule sudo_nopasswd = {"sudo-nopasswd", "sudo asks everybody for a password",
                                           INSPECT_NOTE};
static const inspect_rule ssh_root = {
    "ssh-root-password", "root cannot log in through SSH with a password", INSPECT_WARNING};

/* sudoers(5); sshd_config(5): keywords in any case, "=" is allowed. */
static const struct guest_line_rule nopasswd_line = {"/etc/{sudoers,sudoers.d/*}",
                                                     "^[^#]*\\bNOPASSWD[ \t]*:", NULL,
                                                     "root's rights without a password (NOPASSWD)"};
static const struct guest_line_rule root_line = {"/etc/ssh/{sshd_config,sshd_config.d/*.conf}",
                                                 "^[ \t]*(?i)PermitRootLogin[ \t=]+[\"']?yes\\b",
                                                 NULL, "root through SSH with a password"};

static gboolean policy_access(guest *g, const struct inspect_spec *asked, GPtrArray *broken,
                              GError **error)
{
    (void)asked;
    return policy_break_lines(g, &nopasswd_line, &sudo_nopasswd, "gives", broken, error) &&
           policy_break_lines(g, &root_line, &ssh_root, "lets in", broken, error);
}

const inspect_check check_access = {
    .name = "access",
    .rules = (const inspect_rule *const[]){&sudo_nopasswd, &ssh_root, NULL},
    .survey_only = TRUE,
    .run = policy_access,
};

/* ---- modes and sizes ---- */

static const inspect_rule world_writable = {
    "world-writable", "Only temporary directories are world-writable", INSPECT_WARNING};
static const inspect_rule set_id = {
    "set-id-file", "No set-uid or set-gid program where users keep files", INSPECT_WARNING};
static const inspect_rule log_left = {"log-leftover", "Logs are empty", INSPECT_WARNING};
static const inspect_rule not_looked_at = {
    "not-looked-at", "Modes and sizes of all files were checked", INSPECT_NOTE};

static void break_all(const GPtrArray *paths, const inspect_rule *rule, const char *said,
                      GPtrArray *broken)
{
    for (guint i = 0; i < paths->len; i++) {
        const char *path = g_ptr_array_index(paths, i);
        policy_break(broken, rule, path, "%s %s", path, said);
    }
}

static gboolean policy_files(guest *g, const struct inspect_spec *asked, GPtrArray *broken,
                             GError **error)
{
    (void)asked;
    const struct guest_walk *walk = guest_walk(g, error);
    if (!walk)
        return FALSE;
    break_all(walk->writable, &world_writable, "is world-writable", broken);
    break_all(walk->set_id, &set_id, "runs with the rights of its owner or group", broken);
    break_all(walk->logs, &log_left, "is a log that is not empty", broken);
    if (walk->cut)
        policy_break(broken, &not_looked_at, NULL,
                     "there are too many files to check the modes and sizes of all");
    return TRUE;
}

const inspect_check check_files = {
    .name = "files",
    .rules =
        (const inspect_rule *const[]){&world_writable, &set_id, &log_left, &not_looked_at, NULL},
    .survey_only = TRUE,
    .run = policy_files,
};
