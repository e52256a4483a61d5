/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run.h"

#include "base/spawn.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

/* What the program "hostile" tries, and how it must be refused. */

static const struct {
    const char *name;
    int inside;   /* its errno */
    gboolean any; /* outside too, on some hosts */
} expected[] = {
    {"mount", EPERM, FALSE},
    {"remount", EPERM, FALSE},
    {"umount", EPERM, FALSE},
    {"pivot_root", EPERM, FALSE},
    {"fsopen", EPERM, FALSE},
    {"open_tree", EPERM, FALSE},
    {"move_mount", EPERM, FALSE},
    {"mount_setattr", EPERM, FALSE},
    {"unshare_user", EPERM, FALSE},
    {"unshare_mount", EPERM, FALSE},
    {"clone_user", EPERM, FALSE},
    {"clone3", ENOSYS, FALSE},
    {"setns", EPERM, FALSE},
    {"mknod_disk", EPERM, FALSE},
    {"mknod_memory", EPERM, FALSE},
    {"tiocsti", EPERM, FALSE},
    {"tiocsti_high", EPERM, FALSE},
    {"ptrace", EPERM, FALSE},
    {"process_vm", EPERM, FALSE},
    {"pidfd_getfd", EPERM, FALSE},
    {"init_memory", EACCES, TRUE},
    {"init_root", EACCES, TRUE},
    {"keyctl", EPERM, FALSE},
    {"add_key", EPERM, FALSE},
    {"request_key", EPERM, FALSE},
    {"bpf", EPERM, FALSE},
    {"perf", EPERM, FALSE},
    {"io_uring", ENOSYS, TRUE},
    {"userfaultfd", EPERM, FALSE},
    {"init_module", EPERM, FALSE},
    {"delete_module", EPERM, FALSE},
    {"kexec", EPERM, FALSE},
    {"reboot", EPERM, FALSE},
    {"swapon", EPERM, FALSE},
    {"swapoff", EPERM, FALSE},
    {"clock_settime", EPERM, FALSE},
    {"settimeofday", EPERM, FALSE},
    {"adjtimex", EPERM, FALSE},
    {"acct", EPERM, FALSE},
    {"syslog", EPERM, FALSE},
    {"sethostname", EPERM, FALSE},
    {"open_by_handle", EPERM, FALSE},
    {"sysctl", EACCES, FALSE},
    {"sysrq", EACCES, TRUE}, /* a kernel without it: ENOENT */
    {"kcore", EACCES, TRUE},
    {"personality", ENOSYS, FALSE},
#ifdef __x86_64__
    {"int80", ENOSYS, TRUE},
#endif
    {"vsock", EAFNOSUPPORT, TRUE},
    {"packet", EAFNOSUPPORT, FALSE},
    {"raw", EPERM, FALSE},
    {"host-tcp", ECONNREFUSED, FALSE},
    {"host-abstract", ECONNREFUSED, FALSE},
    {"host-file", ENOENT, FALSE},
    {"host-process", ESRCH, FALSE},
};

static char *hostile_path(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *directory = g_path_get_dirname(self);
    return g_build_filename(directory, "sandbox", "hostile", NULL);
}

static int listening(const struct sockaddr *address, socklen_t size)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, address, size), 0);
    assert_int_equal(listen(fd, 64), 0);
    return fd;
}

struct host {
    int tcp, abstract;
    char *name;
    char *env[5];
};

static void host_start(struct host *h)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    socklen_t size = sizeof in;
    h->name = g_strdup_printf("ingot-test-%d", (int)getpid());
    strcpy(un.sun_path + 1, h->name);
    h->tcp = listening((struct sockaddr *)&in, sizeof in);
    h->abstract =
        listening((struct sockaddr *)&un,
                  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(h->name)));
    assert_int_equal(getsockname(h->tcp, (struct sockaddr *)&in, &size), 0);
    h->env[0] = g_strdup_printf("HOST_PORT=%d", ntohs(in.sin_port));
    h->env[1] = g_strdup_printf("HOST_ABSTRACT=%s", h->name);
    h->env[2] = g_strdup("HOST_FILE=/etc/passwd");
    h->env[3] = g_strdup_printf("HOST_PID=%d", (int)getpid());
    h->env[4] = NULL;
}

static void host_end(struct host *h)
{
    close(h->tcp);
    close(h->abstract);
    g_free(h->name);
    for (char **e = h->env; *e; e++)
        g_free(*e);
}

/* The errno of an attempt; -2: it is not in the output. */
static int attempt_result(const char *output, const char *name)
{
    g_autofree char *start = g_strdup_printf("\n%s ", name);
    g_autofree char *all = g_strdup_printf("\n%s", output);
    const char *found = strstr(all, start);
    return found ? atoi(found + strlen(start)) : -2;
}

static gboolean refused(const char *name, int found, int wanted)
{
    gboolean absent = g_str_equal(name, "sysrq") || g_str_equal(name, "kcore");
    /* SANDBOX_ROOT has a read-only /proc. */
    return found == wanted || (absent && found == ENOENT) ||
           (g_str_equal(name, "sysctl") && found == EROFS);
}

static void assert_refused(enum sandbox_kind kind)
{
    struct host host;
    host_start(&host);
    g_autofree char *hostile = hostile_path();
    const struct run r = {.script = "exec /hostile",
                          .mounts = {{"/hostile", hostile, FALSE}, {"/tmp", NULL, TRUE}},
                          .env = (const char *const *)host.env,
                          .kind = kind};
    g_autofree char *output = run_whole(&r);
    host_end(&host);
    guint wrong = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
        int found = attempt_result(output, expected[i].name);
        if (refused(expected[i].name, found, expected[i].inside))
            continue;
        print_message("%s: %d, not %d\n", expected[i].name, found, expected[i].inside);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static void inside(void **state)
{
    (void)state;
    assert_refused(SANDBOX_USER);
}

/* Without a user namespace, the rights that are dropped and the filter do the same. */
static void inside_as_root(void **state)
{
    (void)state;
    assert_refused(SANDBOX_ROOT);
}

/* The attempts are real ones: outside, root is not refused in the same way.  (An ordinary user is
 * refused most of it anywhere.) */
static void outside(void **state)
{
    (void)state;
    struct host host;
    host_start(&host);
    g_autofree char *hostile = hostile_path(), *output = NULL;
    const struct spawn_options options = {.env = (const char *const *)host.env};
    assert_true(spawn_run((const char *const[]){hostile, NULL}, &options, &output, NULL));
    host_end(&host);
    guint same = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
        int found = attempt_result(output, expected[i].name);
        if (expected[i].any || (found >= 0 && found != expected[i].inside))
            continue;
        print_message("%s: %d outside too\n", expected[i].name, found);
        same++;
    }
    assert_int_equal(same, 0);
}

/* Every process, and its first one, is neither the caller nor root for the host. */
static void users(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) child =
        run_start(&(struct run){.script = "exec /busybox tail -f /dev/null"}, &error);
    assert_no_error(error);
    g_autofree char *path =
        g_strdup_printf("/proc/%s/task/%s/children", g_subprocess_get_identifier(child),
                        g_subprocess_get_identifier(child));
    guint seen = 0;
    for (; seen < 2; seen++) {
        g_autofree char *first = NULL, *status = NULL;
        assert_true(g_file_get_contents(path, &first, NULL, NULL));
        int pid = atoi(first);
        assert_true(pid > 0);
        g_autofree char *file = g_strdup_printf("/proc/%d/status", pid);
        assert_true(g_file_get_contents(file, &status, NULL, NULL));
        guint uid = 0;
        assert_int_equal(sscanf(strstr(status, "\nUid:"), "\nUid: %u", &uid), 1);
        assert_true(uid > 65535 && uid != getuid());
        g_free(path);
        path = g_strdup_printf("/proc/%d/task/%d/children", pid, pid);
    }
    g_subprocess_force_exit(child);
    assert_true(g_subprocess_wait(child, NULL, NULL));
}

/* A mount that is not writable is so for all that is mounted below it on the host. */
static void read_only(void **state)
{
    (void)state;
    g_autofree char *out = run_whole(
        &(struct run){.script = "echo x 2>&1 >/host/proc/self/comm; echo x 2>&1 >/host/dev/shm/x; "
                                "/busybox touch /busybox /r/x; echo x >/w/x && /busybox cat /w/x; "
                                "/busybox grep -c -v -E 'nosuid' /proc/self/mountinfo",
                      .mounts = {{"/host", "/", FALSE}, {"/r", NULL, FALSE}, {"/w", NULL, TRUE}}});
    assert_string_equal(out, "sh: can't create /host/proc/self/comm: Read-only file system\n"
                             "sh: can't create /host/dev/shm/x: Read-only file system\n"
                             "touch: /busybox: Read-only file system\n"
                             "touch: /r/x: Read-only file system\nx\n0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inside),
        cmocka_unit_test(users),
        cmocka_unit_test(read_only),
    };
    const struct CMUnitTest tests_of_root[] = {
        cmocka_unit_test(inside),  cmocka_unit_test(users),          cmocka_unit_test(read_only),
        cmocka_unit_test(outside), cmocka_unit_test(inside_as_root),
    };
    if (run_possible() != 0)
        return 1;
    return geteuid() == 0 ? cmocka_run_group_tests(tests_of_root, NULL, NULL)
                          : cmocka_run_group_tests(tests, NULL, NULL);
}
