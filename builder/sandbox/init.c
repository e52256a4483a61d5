/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox/init.h"

#include "sandbox/fault.h"
#include "sandbox/filter.h"
#include "sandbox/limits.h"
#include "sandbox/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* capabilities(7): what dpkg and maintainer scripts need on files and processes of their own. */
#define KEPT_RIGHTS                                                                                \
    (1u << CAP_CHOWN | 1u << CAP_DAC_OVERRIDE | 1u << CAP_FOWNER | 1u << CAP_FSETID |              \
     1u << CAP_KILL | 1u << CAP_SETGID | 1u << CAP_SETUID | 1u << CAP_SETPCAP |                    \
     1u << CAP_SYS_CHROOT | 1u << CAP_SETFCAP)

static char receive(int sync)
{
    char byte;
    ssize_t n;
    while ((n = recv(sync, &byte, 1, 0)) < 0 && errno == EINTR)
        ;
    if (n != 1)
        _exit(127); /* the helper is dead */
    return byte;
}

/* A program may open /dev/stdout again only if the pipe is its own.  A caller's file stays as it
 * is.
 */
static void own_output(const struct sandbox_ids *zero)
{
    struct stat st;
    for (int fd = 1; fd <= 2; fd++)
        if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
            (void)fchown(fd, zero->uid, zero->gid);
}

/* Only the loopback interface is there, and it is for the sandbox alone. */
static void start_loopback(int report)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) != 0)
        fault_die(report, STEP_NETWORK, "lo");
    close(fd);
}

static void become_zero(int report)
{
    if (setgroups(0, NULL) != 0 || setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0)
        fault_die(report, STEP_IDS, NULL);
}

static void enter_inner(int sync)
{
    /* Making mount points under other UIDs took this process's files in /proc from the helper. */
    if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0 || unshare(CLONE_NEWUSER) != 0)
        fault_die(HELPER_REPORT, STEP_INNER, NULL);
    const char inner = SYNC_INNER;
    (void)!send(sync, &inner, 1, MSG_NOSIGNAL);
    receive(sync);
    become_zero(HELPER_REPORT);
}

static void drop_rights(int report)
{
    for (int right = 0; right <= 63; right++)
        if (!(right < 32 && KEPT_RIGHTS & 1u << right) &&
            prctl(PR_CAPBSET_DROP, right, 0, 0, 0) != 0 && errno != EINVAL)
            fault_die(report, STEP_RIGHTS, "bounding set");
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    const struct __user_cap_data_struct rights[2] = {{KEPT_RIGHTS, KEPT_RIGHTS, 0}};
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 ||
        syscall(SYS_capset, &header, rights) != 0)
        fault_die(report, STEP_RIGHTS, "permitted set");
    /* The program is the same user: this keeps it from looking into this process. */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        fault_die(report, STEP_RIGHTS, "no new privileges");
}

/* A change of credentials clears the signal (prctl(2)); the helper may have died before it was set
 * again. */
static void die_with_helper(int sync)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct pollfd end = {.fd = sync, .events = POLLRDHUP};
    if (poll(&end, 1, 0) != 0)
        _exit(127);
}

/* ---- the program ---- */

static void program_main(const struct sandbox_request *r, gboolean rlimits) G_GNUC_NORETURN;

static void program_main(const struct sandbox_request *r, gboolean rlimits)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL);
    const char *const *argv = r->spec.argv;
    if (!argv[0])
        _exit(0);
    if (rlimits && !limits_set_rlimits(&r->spec))
        fault_die(HELPER_REPORT, STEP_LIMITS, NULL);
    /* The report's descriptor moves out of the way and is closed by execve. */
    int report = fcntl(HELPER_REPORT, F_DUPFD_CLOEXEC, 64);
    if (r->socket ? dup2(HELPER_SOCKET, 3) != 3 : close(3) != 0 && errno != EBADF)
        fault_die(report, STEP_EXEC, argv[0]);
    close_range(4, (unsigned)report - 1, 0);
    close_range((unsigned)report + 1, ~0u, 0);
    execve(argv[0], (char *const *)argv, (char *const *)r->spec.env);
    fault_die(report, STEP_EXEC, argv[0]);
}

/* What this process holds would keep a pipe or a socket open that the program closes. */
static void let_go(int sync)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0)
        for (int fd = 0; fd < 3; fd++)
            dup2(null, fd);
    int kept = fcntl(sync, F_DUPFD_CLOEXEC, 64);
    close_range(3, (unsigned)kept - 1, 0);
    close_range((unsigned)kept + 1, ~0u, 0);
    dup2(kept, sync);
    close(kept);
}

static void reap(pid_t program, int sync) G_GNUC_NORETURN;

static void reap(pid_t program, int sync)
{
    for (;;) {
        int status;
        pid_t pid = wait(&status);
        if (pid < 0 && errno == EINTR)
            continue;
        if (pid == program)
            (void)!send(sync, &status, sizeof status, MSG_NOSIGNAL);
        if (pid < 0 || pid == program)
            _exit(0); /* and the kernel ends all others */
    }
}

static void restrict_self(const struct sandbox_request *r, int sync)
{
    if (r->spec.kind == SANDBOX_USER)
        enter_inner(sync);
    else
        become_zero(HELPER_REPORT);
    drop_rights(HELPER_REPORT);
    die_with_helper(sync);
    if (!filter_apply())
        fault_die(HELPER_REPORT, STEP_FILTER, NULL);
}

void init_main(const struct sandbox_request *r, int sync)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    gboolean rlimits = receive(sync) == SYNC_RLIMITS;
    if (unshare(CLONE_NEWCGROUP) != 0 || sethostname("localhost", 9) != 0)
        fault_die(HELPER_REPORT, STEP_NAMESPACES, NULL);
    start_loopback(HELPER_REPORT);
    mounts_enter(r, HELPER_REPORT);
    own_output(&r->ids);
    const struct rlimit no_core = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &no_core);
    restrict_self(r, sync);
    (void)setsid();
    pid_t program = fork();
    if (program < 0)
        fault_die(HELPER_REPORT, STEP_LIMITS, "fork");
    if (program == 0)
        program_main(r, rlimits);
    let_go(sync);
    reap(program, sync);
}
