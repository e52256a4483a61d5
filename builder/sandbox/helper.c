/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox/helper.h"

#include "sandbox/fault.h"
#include "sandbox/init.h"
#include "sandbox/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- user namespaces ---- */

/* The namespace in which an ordinary user may mount: its 0 is the user, its 1 and following are the
 * sub-IDs.  ingot runs newuidmap. */
static void enter_outer(struct sandbox_request *r)
{
    if (r->spec.kind != SANDBOX_USER || !r->ids.outer)
        return;
    if (unshare(CLONE_NEWUSER) != 0)
        fault_die(HELPER_REPORT, STEP_OUTER, NULL);
    const struct sandbox_fault wants = {.step = STEP_WANTS_MAP};
    char mapped;
    if (send(HELPER_REPORT, &wants, sizeof wants, MSG_NOSIGNAL) < 0 ||
        recv(HELPER_REPORT, &mapped, 1, 0) != 1)
        _exit(127);
    r->ids.uid = r->ids.gid = 1; /* as seen from here on */
}

static void write_map(pid_t pid, const char *file, guint32 first)
{
    char path[64], line[64];
    g_snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    int length = g_snprintf(line, sizeof line, "0 %u %u\n", first, SANDBOX_IDS);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, line, (size_t)length) != length)
        fault_die(HELPER_REPORT, STEP_MAP, file);
    close(fd);
}

/* init has made the namespace of the program, and its UIDs are sub-IDs only. */
static void map_inner(const struct sandbox_request *r, pid_t init, int sync)
{
    char byte;
    if (r->spec.kind != SANDBOX_USER || recv(sync, &byte, 1, 0) != 1)
        return;
    write_map(init, "uid_map", r->ids.uid);
    write_map(init, "gid_map", r->ids.gid);
    (void)!send(sync, &byte, 1, MSG_NOSIGNAL);
}

/* ---- directories of sandboxes ---- */

static void own_directory_of(const struct sandbox_request *r) G_GNUC_NORETURN;

static void own_directory_of(const struct sandbox_request *r)
{
    int fd = open(r->spec.argv[0], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fchown(fd, r->ids.uid, r->ids.gid) != 0 || fchmod(fd, 0755) != 0)
        fault_die(HELPER_REPORT, STEP_OWNER, r->spec.argv[0]);
    _exit(0);
}

static void remove_directory_of(const struct sandbox_request *r) G_GNUC_NORETURN;

/* rm(1) removes paths longer than PATH_MAX too. */
static void remove_directory_of(const struct sandbox_request *r)
{
    (void)fcntl(HELPER_REPORT, F_SETFD, FD_CLOEXEC);
    (void)fcntl(HELPER_REQUEST, F_SETFD, FD_CLOEXEC);
    execlp("rm", "rm", "-rf", "--one-file-system", "--", r->spec.argv[0], NULL);
    fault_die(HELPER_REPORT, STEP_EXEC, "rm");
}

/* ---- a sandbox ---- */

/* fork(2) into new namespaces. */
static pid_t clone_init(void)
{
    const unsigned long flags =
        CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | SIGCHLD;
    return (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
}

/* Tells ingot what limits the sandbox; it is no fault. */
static void send_limits(const struct limits *limits)
{
    struct sandbox_fault said = {.step = STEP_NONE};
    g_strlcpy(said.what, limits->name, sizeof said.what);
    (void)!send(HELPER_REPORT, &said, sizeof said, MSG_NOSIGNAL);
}

/* Ends as the program did. */
static void end_as(int status) G_GNUC_NORETURN;

static void end_as(int status)
{
    if (WIFSIGNALED(status)) {
        const struct rlimit no_core = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &no_core);
        (void)signal(WTERMSIG(status), SIG_DFL);
        (void)raise(WTERMSIG(status));
    }
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 127);
}

static void let_descriptors_go(int sync)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3 && null >= 0; fd++)
        dup2(null, fd);
    for (int fd = HELPER_REQUEST; fd <= HELPER_SOCKET; fd++)
        if (fd != sync)
            close(fd);
}

/* A process that removes the control groups when init and with it all others have died, also if the
 * helper is killed: what a job leaves in its own group keeps a CI system from removing that.  0:
 * there are none. */
static pid_t start_sweeper(struct limits *limits, pid_t init)
{
    int dead = limits->groups[0] ? (int)syscall(SYS_pidfd_open, init, 0) : -1;
    pid_t pid = dead >= 0 ? fork() : 0;
    if (pid == 0 && dead >= 0) {
        prctl(PR_SET_PDEATHSIG, 0);
        (void)setsid();
        dup2(dead, 0);
        close_range(1, ~0u, 0);
        struct pollfd from = {.fd = 0, .events = POLLIN};
        while (poll(&from, 1, -1) < 0 && errno == EINTR)
            ;
        limits_remove(limits);
        _exit(0);
    }
    if (dead >= 0)
        close(dead);
    return pid;
}

static void await_end(pid_t pid)
{
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

static void supervise(const struct sandbox_request *r, pid_t init, int sync) G_GNUC_NORETURN;

static void supervise(const struct sandbox_request *r, pid_t init, int sync)
{
    struct limits limits;
    limits_make(&r->spec, &limits);
    limits_enter(&limits, init);
    pid_t sweeper = start_sweeper(&limits, init);
    send_limits(&limits);
    const char go = limits.groups[0] ? SYNC_GO : SYNC_RLIMITS;
    (void)!send(sync, &go, 1, MSG_NOSIGNAL);
    map_inner(r, init, sync);
    let_descriptors_go(sync);
    int status = 127 << 8;
    while (recv(sync, &status, sizeof status, 0) < 0 && errno == EINTR)
        ;
    await_end(init);
    await_end(sweeper);
    end_as(status);
}

static void start_program(const struct sandbox_request *r) G_GNUC_NORETURN;

static void start_program(const struct sandbox_request *r)
{
    int sync[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sync) != 0)
        fault_die(HELPER_REPORT, STEP_REQUEST, "socketpair");
    pid_t init = clone_init();
    if (init < 0)
        fault_die(HELPER_REPORT, STEP_NAMESPACES, NULL);
    if (init == 0) {
        close(sync[0]);
        init_main(r, sync[1]);
    }
    close(sync[1]);
    supervise(r, init, sync[0]);
}

void helper_main(void)
{
    struct sandbox_request r;
    if (!sandbox_request_read(HELPER_REQUEST, &r))
        fault_die(HELPER_REPORT, STEP_REQUEST, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    enter_outer(&r);
    if (r.task == TASK_OWN)
        own_directory_of(&r);
    if (r.task == TASK_REMOVE)
        remove_directory_of(&r);
    start_program(&r);
}
