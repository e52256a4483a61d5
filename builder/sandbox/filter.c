/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox/filter.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>

/* Two filters, of which the kernel takes the stricter answer: a list of what is allowed at all, and
 * refusals, some by argument.  One filter cannot have both: a rule of libseccomp without arguments
 * replaces all others of its system call. */

/* A 32-bit program's system calls have other numbers, so none of them is allowed. */
static scmp_filter_ctx filter_new(uint32_t otherwise)
{
    scmp_filter_ctx ctx = seccomp_init(otherwise);
    if (ctx)
        (void)seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
    return ctx;
}

static int rule_each(scmp_filter_ctx ctx, uint32_t action, const char *const *names)
{
    int failed = 0;
    for (; *names && failed == 0; names++) {
        int number = seccomp_syscall_resolve_name(*names);
        if (number >= 0)
            failed = seccomp_rule_add(ctx, action, number, 0);
    }
    return failed;
}

/* The kernel looks at 32 bits of these arguments, and so must the filter (CVE-2019-10063). */
#define LOW_HALF 0xffffffffu

struct refusal {
    int number;
    int error;
    struct scmp_arg_cmp when;
};

static const struct refusal refusals[] = {
    /* typing at whoever reads from a terminal (ioctl_tty(2)) */
    {SCMP_SYS(ioctl), EPERM, {1, SCMP_CMP_MASKED_EQ, LOW_HALF, TIOCSTI}},
    {SCMP_SYS(ioctl), EPERM, {1, SCMP_CMP_MASKED_EQ, LOW_HALF, TIOCLINUX}},
    {SCMP_SYS(mknod), EPERM, {1, SCMP_CMP_MASKED_EQ, S_IFMT, S_IFCHR}},
    {SCMP_SYS(mknod), EPERM, {1, SCMP_CMP_MASKED_EQ, S_IFMT, S_IFBLK}},
    {SCMP_SYS(mknodat), EPERM, {2, SCMP_CMP_MASKED_EQ, S_IFMT, S_IFCHR}},
    {SCMP_SYS(mknodat), EPERM, {2, SCMP_CMP_MASKED_EQ, S_IFMT, S_IFBLK}},
    {SCMP_SYS(clone), EPERM, {0, SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER}},
    {SCMP_SYS(clone), EPERM, {0, SCMP_CMP_MASKED_EQ, CLONE_NEWNS, CLONE_NEWNS}},
    {SCMP_SYS(clone), EPERM, {0, SCMP_CMP_MASKED_EQ, CLONE_NEWPID, CLONE_NEWPID}},
    {SCMP_SYS(clone), EPERM, {0, SCMP_CMP_MASKED_EQ, CLONE_NEWNET, CLONE_NEWNET}},
    {SCMP_SYS(clone), EPERM, {0, SCMP_CMP_MASKED_EQ, CLONE_NEWIPC, CLONE_NEWIPC}},
    {SCMP_SYS(clone), EPERM, {0, SCMP_CMP_MASKED_EQ, CLONE_NEWUTS, CLONE_NEWUTS}},
    {SCMP_SYS(clone), EPERM, {0, SCMP_CMP_MASKED_EQ, CLONE_NEWCGROUP, CLONE_NEWCGROUP}},
};

/* Of the address families, some know no network namespaces (AF_VSOCK reaches the host of a virtual
 * machine) and others are seldom tested parts of the kernel. */
static int refuse_families(scmp_filter_ctx ctx)
{
    static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
    int failed = 0;
    for (int family = 0; family < 64 && failed == 0; family++) {
        gboolean kept = FALSE;
        for (gsize i = 0; i < G_N_ELEMENTS(families); i++)
            kept |= families[i] == family;
        if (!kept)
            failed =
                seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                                 SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, LOW_HALF, (unsigned)family));
    }
    return failed;
}

/* What setarch(8) and the like ask for in builds: nothing, the present one, 32 bits, a version of
 * the kernel that begins with 2.6 (<sys/personality.h>). */
static int allow_personalities(scmp_filter_ctx ctx)
{
    static const unsigned kept[] = {0, 0xffffffff, 0x0008, 0x20000, 0x20008};
    int failed = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(kept) && failed == 0; i++)
        failed = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(personality), 1,
                                  SCMP_CMP64(0, SCMP_CMP_EQ, kept[i]));
    return failed;
}

static int refuse_arguments(scmp_filter_ctx ctx)
{
    int failed = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(refusals) && failed == 0; i++)
        if (refusals[i].number >= 0)
            failed = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(refusals[i].error),
                                            refusals[i].number, 1, &refusals[i].when);
    return failed;
}

static int load_allowed(void)
{
    scmp_filter_ctx ctx = filter_new(SCMP_ACT_ERRNO(ENOSYS));
    int failed = ctx ? rule_each(ctx, SCMP_ACT_ALLOW, filter_allowed) : -ENOMEM;
    if (failed == 0)
        failed = allow_personalities(ctx);
    if (failed == 0)
        failed = seccomp_load(ctx);
    seccomp_release(ctx);
    return failed;
}

/* Loaded after the other: of two answers of the same kind, the younger filter's counts. */
static int load_refusals(void)
{
    scmp_filter_ctx ctx = filter_new(SCMP_ACT_ALLOW);
    int failed = ctx ? rule_each(ctx, SCMP_ACT_ERRNO(EPERM), filter_refused) : -ENOMEM;
    if (failed == 0)
        failed = refuse_arguments(ctx);
    if (failed == 0)
        failed = refuse_families(ctx);
    if (failed == 0)
        failed = seccomp_load(ctx);
    seccomp_release(ctx);
    return failed;
}

gboolean filter_apply(void)
{
    int failed = load_allowed();
    if (failed == 0)
        failed = load_refusals();
    errno = -failed;
    return failed == 0;
}
