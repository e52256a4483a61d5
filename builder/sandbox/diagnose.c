/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox/diagnose.h"

#include "base/error.h"
#include "base/files.h"
#include "base/spawn.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* ---- facts ---- */

static gint64 sysctl_value(const char *path)
{
    g_autofree char *text = files_read(path, 64, NULL, NULL);
    gint64 value;
    return text && g_ascii_string_to_signed(g_strstrip(text), 10, 0, G_MAXINT64, &value, NULL)
               ? value
               : -1;
}

static gboolean status_has(const char *line)
{
    g_autofree char *text = files_read("/proc/self/status", 1u << 16, NULL, NULL);
    return text && strstr(text, line);
}

static gboolean has_right(const char *program)
{
    g_autofree char *path = spawn_find(program);
    struct stat st;
    return path && stat(path, &st) == 0 &&
           ((st.st_mode & S_ISUID && st.st_uid == 0) ||
            getxattr(path, "security.capability", NULL, 0) > 0);
}

void host_facts_read(struct host_facts *facts)
{
    g_autofree char *mounts = files_read("/proc/self/mountinfo", 1u << 20, NULL, NULL);
    *facts = (struct host_facts){
        .max_user_namespaces = sysctl_value("/proc/sys/user/max_user_namespaces"),
        .unprivileged_clone = sysctl_value("/proc/sys/kernel/unprivileged_userns_clone"),
        .apparmor_restriction =
            sysctl_value("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
        .root = geteuid() == 0,
        .proc_masked = mounts && strstr(mounts, " /proc/"),
        .filtered = status_has("\nSeccomp:\t2"),
        .newuidmap_has_right = has_right("newuidmap") && has_right("newgidmap"),
        .no_new_privs = status_has("\nNoNewPrivs:\t1"),
    };
}

/* ---- what they explain ---- */

struct cause {
    const char *text, *remedy;
};

static const struct cause no_namespaces = {
    "the sysctl user.max_user_namespaces is 0",
    "as root: sysctl user.max_user_namespaces=10000, and a file in /etc/sysctl.d/ that keeps it"};
static const struct cause no_clone = {
    "the sysctl kernel.unprivileged_userns_clone forbids user namespaces to ordinary users",
    "as root: sysctl kernel.unprivileged_userns_clone=1, and a file in /etc/sysctl.d/ that keeps "
    "it"};
static const struct cause apparmor = {
    "AppArmor keeps ordinary users from having rights in user namespaces (Ubuntu's "
    "kernel.apparmor_restrict_unprivileged_userns)",
    "as root: give ingot an AppArmor profile with \"userns,\" (apparmor.d(5)), or sysctl "
    "kernel.apparmor_restrict_unprivileged_userns=0"};
static const struct cause container_filter = {
    "the seccomp filter of the container in which ingot runs forbids it",
    "start the container with --security-opt seccomp=unconfined, or with a filter that allows "
    "unshare, mount, pivot_root and setns"};
static const struct cause container_rights = {
    "root in this container has no CAP_SYS_ADMIN",
    "start the container with --cap-add SYS_ADMIN --security-opt seccomp=unconfined "
    "--security-opt apparmor=unconfined, or run ingot as an ordinary user with sub-UIDs"};
static const struct cause masked_proc = {
    "parts of /proc are masked, as in a container, so the kernel allows no new one",
    "start the container with --security-opt systempaths=unconfined (Docker) or --security-opt "
    "unmask=ALL (Podman)"};
static const struct cause old_kernel = {"this kernel has no mount_setattr(2)",
                                        "use Linux 5.12 or later"};

static gboolean is_refusal(int error)
{
    return error == EPERM || error == EACCES;
}

static const struct cause *why_no_namespace(int error, const struct host_facts *facts)
{
    if (error == ENOSPC || error == EUSERS)
        return &no_namespaces;
    if (!is_refusal(error))
        return error == ENOSYS && facts->filtered ? &container_filter : NULL;
    if (!facts->root && facts->unprivileged_clone == 0)
        return &no_clone;
    if (!facts->root && facts->apparmor_restriction > 0)
        return &apparmor;
    return facts->filtered ? &container_filter : facts->root ? &container_rights : NULL;
}

static const struct cause *why(const struct sandbox_fault *fault, const struct host_facts *facts)
{
    switch ((enum sandbox_step)fault->step) {
    case STEP_PROC:
        if (is_refusal(fault->error) && facts->proc_masked)
            return &masked_proc;
        return why_no_namespace(fault->error, facts);
    case STEP_OUTER:
    case STEP_NAMESPACES:
    case STEP_INNER:
    case STEP_MAP:
    case STEP_ROOT:
    case STEP_NETWORK:
        return why_no_namespace(fault->error, facts);
    case STEP_SOURCE:
    case STEP_TMPFS:
    case STEP_TARGET:
    case STEP_DEV:
        if (fault->error == ENOSYS)
            return facts->filtered ? &container_filter : &old_kernel;
        return facts->apparmor_restriction > 0 && is_refusal(fault->error)
                   ? why_no_namespace(fault->error, facts)
                   : NULL;
    default:
        return NULL;
    }
}

static const char *const tasks[] = {
    [STEP_REQUEST] = "read its request",
    [STEP_OUTER] = "have a user namespace",
    [STEP_NAMESPACES] = "have namespaces",
    [STEP_NETWORK] = "start the loopback interface",
    [STEP_SOURCE] = "mount",
    [STEP_TARGET] = "mount at",
    [STEP_TMPFS] = "mount a tmpfs at",
    [STEP_PROC] = "mount",
    [STEP_DEV] = "make",
    [STEP_ROOT] = "change its root directory",
    [STEP_INNER] = "have a user namespace",
    [STEP_MAP] = "map its sub-UIDs",
    [STEP_IDS] = "become UID 0",
    [STEP_RIGHTS] = "drop rights",
    [STEP_FILTER] = "load the seccomp filter",
    [STEP_LIMITS] = "set limits",
    [STEP_EXEC] = "start",
    [STEP_OWNER] = "give away",
};

void diagnose_fault(const struct sandbox_fault *fault, const struct host_facts *facts,
                    GError **error)
{
    const struct cause *cause = why(fault, facts);
    gsize step = (gsize)fault->step;
    const char *task = step < G_N_ELEMENTS(tasks) && tasks[step] ? tasks[step] : "start";
    ingot_set_error(error, INGOT_EXIT_HOST, cause ? cause->remedy : NULL,
                    "a sandbox cannot %s%s%s: %s%s%s", task, *fault->what ? " " : "", fault->what,
                    cause ? cause->text : "", cause ? ": " : "", g_strerror(fault->error));
}

void diagnose_map(const char *program, const GError *cause, const struct host_facts *facts,
                  GError **error)
{
    g_autofree char *there = spawn_find(program), *text = ingot_error_text(cause);
    const char *hint =
        !there                ? "install the package uidmap"
        : facts->no_new_privs ? "start ingot without \"no new privileges\" (systemd's "
                                "NoNewPrivileges=, Docker's no-new-privileges)"
        : !facts->newuidmap_has_right
            ? "newuidmap and newgidmap have lost their file capabilities, as happens in images of "
              "containers; as root: chmod u+s /usr/bin/newuidmap /usr/bin/newgidmap"
        : facts->apparmor_restriction > 0 ? apparmor.remedy
                                          : "see `man newuidmap` and /etc/subuid";
    ingot_set_error(error, INGOT_EXIT_HOST, hint, "a sandbox cannot map its sub-UIDs: %s%s",
                    there ? "" : "not installed: ", there ? text : program);
}
