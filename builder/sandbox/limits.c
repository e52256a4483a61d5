/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox/limits.h"

#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define GROUP_PREFIX "ingot-sandbox-"
#define PROC_LIMIT   (1u << 20)

/* ---- where the groups are ---- */

/* cgroups(7), "/proc/PID/cgroup": "N:controllers:/path", of the unified hierarchy "0::/path". */
static char *group_path(const char *cgroup, const char *controller)
{
    g_auto(GStrv) lines = g_strsplit(cgroup, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) f = g_strsplit(*line, ":", 3);
        if (g_strv_length(f) != 3)
            continue;
        g_auto(GStrv) names = g_strsplit(f[1], ",", -1);
        if (controller ? g_strv_contains((const char *const *)names, controller)
                       : strcmp(f[0], "0") == 0)
            return g_strdup(f[2]);
    }
    return NULL;
}

/* proc(5), "/proc/PID/mountinfo": ID, parent, device, root, mount point, options, optional fields,
 * "-", type, source, options of the file system. */
static gboolean is_hierarchy(char **fields, const char *controller)
{
    gsize dash = 6;
    while (fields[dash] && strcmp(fields[dash], "-") != 0)
        dash++;
    if (!fields[dash] || g_strv_length(fields + dash) < 4)
        return FALSE;
    g_auto(GStrv) options = g_strsplit(fields[dash + 3], ",", -1);
    return controller ? strcmp(fields[dash + 1], "cgroup") == 0 &&
                            g_strv_contains((const char *const *)options, controller)
                      : strcmp(fields[dash + 1], "cgroup2") == 0;
}

/* What path is below the part of the hierarchy that is mounted; NULL: it is not. */
static const char *below_root(const char *path, const char *root)
{
    if (strcmp(root, "/") == 0)
        return path;
    return g_str_has_prefix(path, root) && strchr("/", path[strlen(root)]) ? path + strlen(root)
                                                                           : NULL;
}

char *limits_directory(const char *cgroup, const char *mountinfo, const char *controller)
{
    g_autofree char *path = group_path(cgroup, controller);
    g_auto(GStrv) lines = g_strsplit(mountinfo, "\n", -1);
    for (char **line = lines; path && *line; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, " ", -1);
        if (g_strv_length(fields) < 10 || !is_hierarchy(fields, controller))
            continue;
        const char *rest = below_root(path, fields[3]);
        if (rest && !strstr(rest, "/.."))
            return g_build_filename(fields[4], rest, NULL);
    }
    return NULL;
}

static char *own_directory(const char *controller)
{
    g_autofree char *cgroup = files_read("/proc/self/cgroup", PROC_LIMIT, NULL, NULL);
    g_autofree char *mounts = files_read("/proc/self/mountinfo", PROC_LIMIT, NULL, NULL);
    return cgroup && mounts ? limits_directory(cgroup, mounts, controller) : NULL;
}

/* ---- making and removing ---- */

static gboolean write_setting(const char *directory, const char *name, const char *value)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    gboolean written = fd >= 0 && files_write_all(fd, value, strlen(value));
    if (fd >= 0)
        close(fd);
    return written;
}

static gboolean write_number(const char *directory, const char *name, guint64 value)
{
    char text[24];
    g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT, value);
    return write_setting(directory, name, text);
}

/* A helper that was killed could not remove its groups.  One of a living process is in use or will
 * be in a moment; rmdir(2) fails for one that holds processes. */
static void remove_dead_groups(const char *parent)
{
    g_autoptr(GDir) dir = g_dir_open(parent, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        guint64 pid;
        g_autofree char *path = g_build_filename(parent, name, NULL);
        if (g_str_has_prefix(name, GROUP_PREFIX) &&
            g_ascii_string_to_unsigned(name + strlen(GROUP_PREFIX), 10, 1, G_MAXINT, &pid, NULL) &&
            kill((pid_t)pid, 0) != 0 && errno == ESRCH)
            (void)rmdir(path);
    }
}

static char *group_new(const char *parent)
{
    if (!parent)
        return NULL;
    remove_dead_groups(parent);
    g_autofree char *path = g_strdup_printf("%s/" GROUP_PREFIX "%d", parent, (int)getpid());
    return mkdir(path, 0755) == 0 ? g_steal_pointer(&path) : NULL;
}

static gboolean has_controllers(const char *directory)
{
    g_autofree char *path = g_build_filename(directory, "cgroup.subtree_control", NULL);
    g_autofree char *text = files_read(path, PROC_LIMIT, NULL, NULL);
    g_auto(GStrv) names = g_strsplit(text ? g_strchomp(text) : "", " ", -1);
    return g_strv_contains((const char *const *)names, "memory") &&
           g_strv_contains((const char *const *)names, "pids");
}

/* A group that holds processes cannot have groups with controllers (cgroups(7), "no internal
 * processes"), unless it is the root; so the sandbox's is a child of our own, or a sibling. */
static char *unified_parent(void)
{
    g_autofree char *own = own_directory(NULL);
    if (!own || has_controllers(own))
        return g_steal_pointer(&own);
    g_autofree char *parent = g_path_get_dirname(own);
    return has_controllers(parent) ? g_steal_pointer(&parent) : NULL;
}

static gboolean make_unified(const struct sandbox_spec *spec, struct limits *limits)
{
    g_autofree char *parent = unified_parent();
    char *group = limits->groups[0] = group_new(parent);
    if (!group || (spec->memory && !write_number(group, "memory.max", spec->memory)) ||
        (spec->processes && !write_number(group, "pids.max", spec->processes)))
        return FALSE;
    (void)write_setting(group, "memory.swap.max", "0"); /* not there without swap accounting */
    return TRUE;
}

static gboolean make_legacy(const struct sandbox_spec *spec, struct limits *limits)
{
    g_autofree char *memory = own_directory("memory"), *pids = own_directory("pids");
    if (!memory || !pids)
        return FALSE;
    limits->groups[0] = group_new(memory);
    limits->groups[1] = group_new(pids);
    if (!limits->groups[0] || !limits->groups[1] ||
        (spec->memory && !write_number(limits->groups[0], "memory.limit_in_bytes", spec->memory)) ||
        (spec->processes && !write_number(limits->groups[1], "pids.max", spec->processes)))
        return FALSE;
    if (spec->memory) /* not there without swap accounting */
        (void)write_number(limits->groups[0], "memory.memsw.limit_in_bytes", spec->memory);
    return TRUE;
}

void limits_make(const struct sandbox_spec *spec, struct limits *limits)
{
    *limits = (struct limits){.name = "cgroup v2"};
    if (make_unified(spec, limits))
        return;
    limits_remove(limits);
    limits->name = "cgroup v1";
    if (!make_legacy(spec, limits))
        limits_remove(limits);
}

void limits_enter(struct limits *limits, pid_t pid)
{
    for (gsize i = 0; i < G_N_ELEMENTS(limits->groups); i++)
        if (limits->groups[i] && !write_number(limits->groups[i], "cgroup.procs", (guint64)pid)) {
            limits_remove(limits);
            return;
        }
}

void limits_remove(struct limits *limits)
{
    limits->name = "rlimits";
    for (gsize i = 0; i < G_N_ELEMENTS(limits->groups); i++) {
        if (limits->groups[i])
            (void)rmdir(limits->groups[i]);
        g_clear_pointer(&limits->groups[i], g_free);
    }
}

static gboolean set_rlimit(int resource, guint64 value)
{
    const struct rlimit limit = {value, value};
    return setrlimit((__rlimit_resource_t)resource, &limit) == 0;
}

gboolean limits_set_rlimits(const struct sandbox_spec *spec)
{
    return (spec->memory == 0 || set_rlimit(RLIMIT_AS, spec->memory)) &&
           (spec->processes == 0 || set_rlimit(RLIMIT_NPROC, spec->processes));
}
