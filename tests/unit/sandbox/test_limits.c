/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run.h"

#include "sandbox/limits.h"

#include <sys/stat.h>

/* ---- where control groups are ---- */

static const char unified_mount[] =
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
static const char mixed_mounts[] =
    "22 27 0:21 / /proc rw - proc proc rw\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "36 31 0:33 / /sys/fs/cgroup/cpu rw shared:1 master:2 - cgroup cgroup rw,cpu,cpuacct\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

static void assert_directory(const char *cgroup, const char *mounts, const char *controller,
                             const char *expected)
{
    g_autofree char *found = limits_directory(cgroup, mounts, controller);
    if (g_strcmp0(found, expected) != 0)
        fail_msg("%s, not %s", found ? found : "(none)", expected ? expected : "(none)");
}

static void places(void **state)
{
    (void)state;
    assert_directory("0::/user.slice/x.scope\n", unified_mount, NULL,
                     "/sys/fs/cgroup/user.slice/x.scope");
    assert_directory("0::/user.slice/x.scope\n", unified_mount, "memory", NULL);
    assert_directory("4:memory:/a/b\n2:cpu,cpuacct:/c\n0::/\n", mixed_mounts, "memory",
                     "/sys/fs/cgroup/memory/a/b");
    assert_directory("4:memory:/a/b\n2:cpu,cpuacct:/c\n0::/\n", mixed_mounts, "cpuacct",
                     "/sys/fs/cgroup/cpu/c");
    assert_directory("4:memory:/a\n0::/\n", mixed_mounts, "pids", NULL);
    assert_directory("4:memory:/a\n0::/\n", mixed_mounts, NULL, "/sys/fs/cgroup/unified/");
    assert_directory("4:memory:/a\n", mixed_mounts, NULL, NULL);
    assert_directory("", "", NULL, NULL);
    assert_directory("0:\n::\nx\n", "a - b\n1 2 3 4 5 6 -\n", NULL, NULL);
}

/* A container has its part of the hierarchy mounted; what lies outside begins with "..". */
static void places_in_a_container(void **state)
{
    (void)state;
    static const char part[] = "30 23 0:26 /docker/1 /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
    assert_directory("0::/docker/1/a\n", part, NULL, "/sys/fs/cgroup/a");
    assert_directory("0::/docker/12\n", part, NULL, NULL);
    assert_directory("0::/other\n", part, NULL, NULL);
    assert_directory("0::/../other\n", unified_mount, NULL, NULL);
}

/* ---- what they do ---- */

static char *limits_name(void)
{
    struct sandbox_host host;
    assert_true(sandbox_probe(&host, NULL, NULL));
    char *name = g_strdup(host.limits);
    sandbox_host_clear(&host);
    return name;
}

/* 200 processes are wanted, and some must start, or it is not the limit that stops them. */
static void processes(void **state)
{
    (void)state;
    const struct run r = {.script = "i=0; while [ $i -lt 200 ]; do /busybox sleep 99 & "
                                    "echo started; i=$((i+1)); done; echo all",
                          .processes = 50};
    g_autofree char *out = run_whole(&r);
    guint started = 0;
    for (const char *at = out; (at = strstr(at, "started\n")); at++)
        started++;
    print_message("# %u of 200\n", started);
    assert_true(started >= 40 && started < 50);
    assert_null(strstr(out, "all\n"));
    assert_non_null(strstr(out, "can't fork"));
}

static char *take_memory(guint mebibytes, guint64 limit)
{
    g_autofree char *script = g_strdup_printf(
        "/busybox dd if=/dev/zero of=/dev/null bs=%uM count=1 2>/dev/null && echo had", mebibytes);
    const struct run r = {.script = script, .memory = limit};
    return run_whole(&r);
}

static void memory_of_one(void **state)
{
    (void)state;
    g_autofree char *little = take_memory(16, 64u << 20), *much = take_memory(200, 64u << 20);
    assert_string_equal(little, "had\n");
    assert_null(strstr(much, "had"));
}

/* What is kept in files of memory counts too: a tmpfs alone would fill the host's. */
static void memory_in_files(void **state)
{
    (void)state;
    const struct run r = {.script =
                              "/busybox dd if=/dev/zero of=/dev/shm/x bs=1M count=200 2>/dev/null; "
                              "/busybox stat -c %s /dev/shm/x",
                          .memory = 64u << 20};
    g_autofree char *out = run_whole(&r);
    assert_true(atoi(out) <= 64 << 20);
    const struct run allowed = {
        .script = "/busybox dd if=/dev/zero of=/dev/shm/x bs=1M count=30 2>/dev/null; "
                  "/busybox stat -c %s /dev/shm/x",
        .memory = 64u << 20};
    g_autofree char *had = run_whole(&allowed);
    assert_string_equal(had, "31457280\n");
}

/* Groups count everything together, here three tmpfs, each of which may be that large; resource
 * limits do not. */
static void memory_of_all(void **state)
{
    (void)state;
    const struct run r = {
        .script = "for f in /a /t/b /dev/shm/c; do /busybox dd if=/dev/zero of=$f bs=1M count=40 "
                  "2>/dev/null && echo had; done",
        .mounts = {{"/t", NULL, TRUE}},
        .memory = 64u << 20};
    g_autofree char *out = run_whole(&r), *name = limits_name();
    gboolean all = strstr(out, "had\nhad\nhad\n") != NULL;
    assert_int_equal(all, g_str_equal(name, "rlimits"));
}

static gboolean is_group_beside(const struct limits *limits, const char *name)
{
    gboolean there = FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(limits->groups) && limits->groups[i]; i++) {
        g_autofree char *parent = g_path_get_dirname(limits->groups[i]);
        g_autofree char *path = g_build_filename(parent, name, NULL);
        there |= access(path, F_OK) == 0;
    }
    return there;
}

/* Nothing is left in this process's own group, also of a sandbox that was killed. */
static void groups_of_the_dead(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    struct limits limits;
    limits_make(&(struct sandbox_spec){.memory = 1u << 20, .processes = 9}, &limits);
    g_autoptr(GSubprocess) child =
        run_start(&(struct run){.script = "exec /busybox tail -f /dev/null"}, &error);
    assert_no_error(error);
    g_autofree char *name = g_strconcat("ingot-sandbox-", g_subprocess_get_identifier(child), NULL);
    assert_int_equal(is_group_beside(&limits, name), limits.groups[0] != NULL);
    g_subprocess_force_exit(child);
    assert_true(g_subprocess_wait(child, NULL, NULL));
    /* Its processes take a moment to die. */
    gint64 until = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
    while (is_group_beside(&limits, name) && g_get_monotonic_time() < until)
        g_thread_yield();
    assert_false(is_group_beside(&limits, name));
    limits_remove(&limits);
}

/* If the process that does this was killed too, the next sandbox does. */
static void groups_without_sweeper(void **state)
{
    (void)state;
    struct limits limits;
    limits_make(&(struct sandbox_spec){.memory = 1u << 20, .processes = 9}, &limits);
    /* above every process number (PID_MAX_LIMIT of the kernel, 2^22) */
    static const char dead[] = "ingot-sandbox-5000000";
    for (gsize i = 0; i < G_N_ELEMENTS(limits.groups) && limits.groups[i]; i++) {
        g_autofree char *parent = g_path_get_dirname(limits.groups[i]);
        g_autofree char *path = g_build_filename(parent, dead, NULL);
        assert_int_equal(mkdir(path, 0755), 0);
    }
    g_autofree char *out = run_whole(&(struct run){.script = "echo x"});
    assert_string_equal(out, "x\n");
    assert_false(is_group_beside(&limits, dead));
    limits_remove(&limits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places),
        cmocka_unit_test(places_in_a_container),
        cmocka_unit_test(processes),
        cmocka_unit_test(memory_of_one),
        cmocka_unit_test(memory_of_all),
        cmocka_unit_test(memory_in_files),
        cmocka_unit_test(groups_of_the_dead),
        cmocka_unit_test(groups_without_sweeper),
    };
    return run_possible() == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
