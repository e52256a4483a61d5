/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hostile NAME…: tries what a sandbox must not let a program do, one attempt after the other, and
 * prints "NAME ERRNO" for each (0: it worked).  Without names: all.  Each is harmless where it
 * works: it touches only this process, or asks for what is not there, which is refused later than a
 * right that is missing.  "host-…" need arguments in the environment.  Static, to run in an empty
 * tree. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define NOWHERE "/nowhere/at/all"

static int result(long returned)
{
    return returned < 0 ? errno : 0;
}

/* ---- mounts and namespaces; each attempt runs in a process of its own ---- */

static int try_mount(void)
{
    return result(mount("none", NOWHERE, "tmpfs", 0, NULL));
}

static int try_remount(void)
{
    return result(mount(NULL, NOWHERE, NULL, MS_REMOUNT | MS_BIND, NULL));
}

static int try_umount(void)
{
    return result(umount2(NOWHERE, MNT_DETACH));
}

static int try_pivot_root(void)
{
    return result(syscall(SYS_pivot_root, NOWHERE, NOWHERE));
}

static int try_fsopen(void)
{
    return result(fsopen("tmpfs", 0));
}

static int try_open_tree(void)
{
    return result(open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE));
}

static int try_move_mount(void)
{
    return result(move_mount(AT_FDCWD, NOWHERE, AT_FDCWD, NOWHERE, 0));
}

static int try_mount_setattr(void)
{
    struct mount_attr attr = {0};
    return result(mount_setattr(AT_FDCWD, NOWHERE, 0, &attr, sizeof attr));
}

static int try_unshare_user(void)
{
    return result(unshare(CLONE_NEWUSER));
}

static int try_unshare_mount(void)
{
    return result(unshare(CLONE_NEWNS));
}

static int try_clone_user(void)
{
    long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0)
        _exit(0);
    return result(pid);
}

static int try_clone3(void)
{
    struct {
        unsigned long long flags, pidfd, child_tid, parent_tid, exit_signal, more[3];
    } arguments = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
    long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0)
        _exit(0);
    return result(pid);
}

static int try_setns(void)
{
    int fd = open("/proc/self/ns/uts", O_RDONLY);
    return fd < 0 ? errno : result(setns(fd, 0));
}

/* ---- devices ---- */

static int device(mode_t type, dev_t number)
{
    char path[] = "/tmp/hostile-XXXXXX";
    if (mkdtemp(path) == NULL || chdir(path) != 0)
        return errno;
    int problem = result(mknod("node", type | 0600, number));
    unlink("node");
    rmdir(path);
    return problem;
}

static int try_mknod_disk(void)
{
    return device(S_IFBLK, makedev(8, 0));
}

static int try_mknod_memory(void)
{
    return device(S_IFCHR, makedev(1, 1));
}

static int try_tiocsti(void)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    char byte = 'x';
    return terminal < 0 ? errno : result(ioctl(terminal, TIOCSTI, &byte));
}

/* The kernel reads 32 bits of the request. */
static int try_tiocsti_high(void)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    char byte = 'x';
    return terminal < 0
               ? errno
               : result(syscall(SYS_ioctl, terminal, 1ul << 32 | (unsigned long)TIOCSTI, &byte));
}

/* ---- other processes ---- */

static int try_ptrace(void)
{
    return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int try_process_vm(void)
{
    char a[4] = "abc", b[4];
    struct iovec from = {a, 4}, to = {b, 4};
    return result(process_vm_readv(getpid(), &to, 1, &from, 1, 0));
}

static int try_pidfd_getfd(void)
{
    int pid = (int)syscall(SYS_pidfd_open, getpid(), 0);
    return pid < 0 ? errno : result(syscall(SYS_pidfd_getfd, pid, 0, 0));
}

static int try_init_memory(void)
{
    return result(open("/proc/1/mem", O_RDONLY));
}

static int try_init_root(void)
{
    return result(open("/proc/1/root/", O_RDONLY));
}

/* ---- the kernel ---- */

static int try_keyctl(void)
{
    return result(syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, NULL));
}

static int try_add_key(void)
{
    return result(syscall(SYS_add_key, "user", "hostile", "x", 1, -1 /* of the thread */));
}

static int try_request_key(void)
{
    return result(syscall(SYS_request_key, "user", "hostile-no-such-key", NULL, 0));
}

static int try_bpf(void)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.map_type = BPF_MAP_TYPE_ARRAY;
    attr.key_size = attr.value_size = 4;
    attr.max_entries = 1;
    return result(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof attr));
}

static int try_perf(void)
{
    struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE,
                                   .size = sizeof attr,
                                   .config = PERF_COUNT_SW_CPU_CLOCK,
                                   .disabled = 1};
    return result(syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0));
}

static int try_io_uring(void)
{
    return result(syscall(SYS_io_uring_setup, 1, NULL)); /* EFAULT */
}

static int try_userfaultfd(void)
{
    return result(syscall(SYS_userfaultfd, O_CLOEXEC));
}

static int try_init_module(void)
{
    return result(syscall(SYS_init_module, NULL, 0, ""));
}

static int try_delete_module(void)
{
    return result(syscall(SYS_delete_module, "hostile_no_such_module", O_NONBLOCK));
}

static int try_kexec(void)
{
    return result(syscall(SYS_kexec_load, 0, 0, NULL, 0x8000ul));
}

static int try_reboot(void)
{
    return result(syscall(SYS_reboot, 0, 0, 0, NULL)); /* wrong magic numbers: EINVAL */
}

static int try_swapon(void)
{
    return result(swapon(NOWHERE, 0));
}

static int try_swapoff(void)
{
    return result(swapoff(NOWHERE));
}

static int try_clock_settime(void)
{
    const struct timespec wrong = {0, -1};
    return result(syscall(SYS_clock_settime, CLOCK_REALTIME, &wrong));
}

static int try_settimeofday(void)
{
    const struct timeval wrong = {0, -1};
    return result(syscall(SYS_settimeofday, &wrong, NULL));
}

static int try_adjtimex(void)
{
    return result(syscall(SYS_adjtimex, NULL));
}

static int try_acct(void)
{
    return result(acct(NOWHERE));
}

static int try_syslog(void)
{
    return result(klogctl(10 /* SYSLOG_ACTION_SIZE_BUFFER */, NULL, 0));
}

static int try_sethostname(void)
{
    char name[65];
    if (gethostname(name, sizeof name) != 0)
        return errno;
    return result(sethostname(name, strlen(name)));
}

static int try_open_by_handle(void)
{
    return result(syscall(SYS_open_by_handle_at, AT_FDCWD, NULL, O_RDONLY)); /* EFAULT */
}

static int try_sysctl(void)
{
    return result(open("/proc/sys/kernel/core_pattern", O_WRONLY));
}

static int try_sysrq(void)
{
    return result(open("/proc/sysrq-trigger", O_WRONLY));
}

static int try_kcore(void)
{
    return result(open("/proc/kcore", O_RDONLY));
}

static int try_personality(void)
{
    return result(syscall(SYS_personality, 0x0040000 /* ADDR_NO_RANDOMIZE */));
}

#ifdef __x86_64__
/* getpid(2) of a 32-bit program: its numbers would pass a filter that looks at numbers alone. */
static int try_int80(void)
{
    long pid;
    __asm__ volatile("int $0x80" : "=a"(pid) : "a"(20l) : "r8", "r9", "r10", "r11", "memory");
    return pid < 0 ? (int)-pid : 0;
}
#endif

/* ---- the network ---- */

static int try_vsock(void)
{
    return result(socket(AF_VSOCK, SOCK_STREAM, 0));
}

static int try_packet(void)
{
    return result(socket(AF_PACKET, SOCK_RAW, 0));
}

static int try_raw(void)
{
    return result(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

static const char *argument(const char *name)
{
    const char *value = getenv(name);
    if (!value)
        fprintf(stderr, "hostile: %s is not set\n", name);
    return value ? value : "0";
}

static int try_host_tcp(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((unsigned short)atoi(argument("HOST_PORT"))),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 ? errno : result(connect(fd, (struct sockaddr *)&to, sizeof to));
}

static int try_host_abstract(void)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const char *name = argument("HOST_ABSTRACT");
    strncpy(to.sun_path + 1, name, sizeof to.sun_path - 2);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
    return fd < 0 ? errno : result(connect(fd, (struct sockaddr *)&to, size));
}

/* ---- the host ---- */

static int try_host_file(void)
{
    return result(open(argument("HOST_FILE"), O_RDONLY));
}

static int try_host_process(void)
{
    return result(kill(atoi(argument("HOST_PID")), 0));
}

static const struct attempt {
    const char *name;
    int (*function)(void);
} attempts[] = {
    {"mount", try_mount},
    {"remount", try_remount},
    {"umount", try_umount},
    {"pivot_root", try_pivot_root},
    {"fsopen", try_fsopen},
    {"open_tree", try_open_tree},
    {"move_mount", try_move_mount},
    {"mount_setattr", try_mount_setattr},
    {"unshare_user", try_unshare_user},
    {"unshare_mount", try_unshare_mount},
    {"clone_user", try_clone_user},
    {"clone3", try_clone3},
    {"setns", try_setns},
    {"mknod_disk", try_mknod_disk},
    {"mknod_memory", try_mknod_memory},
    {"tiocsti", try_tiocsti},
    {"tiocsti_high", try_tiocsti_high},
    {"ptrace", try_ptrace},
    {"process_vm", try_process_vm},
    {"pidfd_getfd", try_pidfd_getfd},
    {"init_memory", try_init_memory},
    {"init_root", try_init_root},
    {"keyctl", try_keyctl},
    {"add_key", try_add_key},
    {"request_key", try_request_key},
    {"bpf", try_bpf},
    {"perf", try_perf},
    {"io_uring", try_io_uring},
    {"userfaultfd", try_userfaultfd},
    {"init_module", try_init_module},
    {"delete_module", try_delete_module},
    {"kexec", try_kexec},
    {"reboot", try_reboot},
    {"swapon", try_swapon},
    {"swapoff", try_swapoff},
    {"clock_settime", try_clock_settime},
    {"settimeofday", try_settimeofday},
    {"adjtimex", try_adjtimex},
    {"acct", try_acct},
    {"syslog", try_syslog},
    {"sethostname", try_sethostname},
    {"open_by_handle", try_open_by_handle},
    {"sysctl", try_sysctl},
    {"sysrq", try_sysrq},
    {"kcore", try_kcore},
    {"personality", try_personality},
#ifdef __x86_64__
    {"int80", try_int80},
#endif
    {"vsock", try_vsock},
    {"packet", try_packet},
    {"raw", try_raw},
    {"host-tcp", try_host_tcp},
    {"host-abstract", try_host_abstract},
    {"host-file", try_host_file},
    {"host-process", try_host_process},
};

/* A process for each, so that none is changed by an earlier one. */
static void attempt_alone(const struct attempt *a)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        printf("%s %d\n", a->name, a->function());
        fflush(stdout);
        _exit(0);
    }
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        printf("%s -1\n", a->name);
}

int main(void)
{
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++)
        attempt_alone(&attempts[i]);
    return 0;
}
