/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../folder.h"
#include "run.h"

#include "base/error.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

static void output(void **state)
{
    (void)state;
    g_autofree char *out = run_whole(&(struct run){.script = "echo out; echo err >&2"});
    assert_string_equal(out, "out\nerr\n");
}

/* The environment is what was given, standard input is empty, and no descriptor of the caller is
 * open. */
static void surroundings(void **state)
{
    (void)state;
    static const char *const env[] = {"A=1", "B=x y", NULL};
    g_autofree char *out = run_whole(
        &(struct run){.script = "/busybox tr '\\0' '\\n' </proc/$$/environ; /busybox cat; "
                                "/busybox ls /proc/$$/fd; "
                                "/busybox id; /busybox hostname; /busybox pwd; umask; echo $$; "
                                "/busybox ls -A /",
                      .env = env});
    assert_string_equal(out, "A=1\nB=x y\n0\n1\n2\nuid=0 gid=0\nlocalhost\n/\n0022\n2\n"
                             "busybox\ndev\nproc\n");
}

static void ends(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) three = run_start(&(struct run){.script = "exit 3"}, &error);
    assert_no_error(error);
    assert_true(g_subprocess_wait(three, NULL, NULL));
    assert_true(g_subprocess_get_if_exited(three));
    assert_int_equal(g_subprocess_get_exit_status(three), 3);
    g_autoptr(GSubprocess) killed = run_start(&(struct run){.script = "kill -TERM $$"}, &error);
    assert_no_error(error);
    assert_true(g_subprocess_wait(killed, NULL, NULL));
    assert_true(g_subprocess_get_if_signaled(killed));
    assert_int_equal(g_subprocess_get_term_sig(killed), SIGTERM);
}

/* A process whose parent has ended leaves no zombie. */
static void orphans(void **state)
{
    (void)state;
    g_autofree char *out = run_whole(&(struct run){
        .script = "for i in 1 2 3; do (/busybox true & ) & done; wait; n=0; "
                  "until set -- /proc/[0-9]*; [ $# = 2 ] || [ $n = 99999 ]; do n=$((n+1)); done; "
                  "echo $#"});
    assert_string_equal(out, "2\n"); /* the first process and the shell */
}

static void devices(void **state)
{
    (void)state;
    g_autofree char *out = run_whole(&(struct run){
        .script = "cd /dev; echo *; echo x >null; /busybox head -c 4 zero | /busybox wc -c; "
                  "/busybox head -c 4 urandom | /busybox wc -c; echo y >full; "
                  "/busybox stat -c '%n %a %u %g' shm pts . ; echo z >shm/z && /busybox cat shm/z; "
                  "echo in | /busybox cat /dev/stdin /dev/fd/0; echo o >/dev/stdout; "
                  "test -c ptmx && exec 4<>ptmx && echo pts/*"});
    assert_string_equal(
        out, "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero\n4\n4\n"
             "sh: write error: No space left on device\nshm 1777 0 0\npts 755 65534 65534\n"
             ". 755 0 0\nz\nin\no\npts/0 pts/ptmx\n");
}

/* What a maintainer script does to files, each a right of its own. */
static void rights(void **state)
{
    (void)state;
    g_autofree char *out = run_whole(&(struct run){
        .script = "cd /; for a in chown chgrp chmod mkfifo mkdir stat su chroot setpriv id; do "
                  "/busybox ln -s busybox $a; done; PATH=/; "
                  "echo x >f; chmod 0 f; chown 1000:65535 f; /busybox cat f; chmod 4755 f; "
                  "mkfifo p; mkdir -m 2750 d; chown 7:8 d; stat -c '%n %a %u %g' f p d; "
                  "chroot / /busybox id -u; mkdir etc; echo u:x:33:44::/: >/etc/passwd; "
                  "/busybox start-stop-daemon -S -c u -n none -a /busybox -- id"});
    assert_string_equal(
        out, "x\nf 4755 1000 65535\np 644 0 0\nd 2750 7 8\n0\nuid=33(u) gid=44 groups=44\n");
}

/* Mount points are made for UID 0 of the program; a file gets a file. */
static void mount_points(void **state)
{
    (void)state;
    g_autofree char *out =
        run_whole(&(struct run){.script = "cd /; /busybox stat -c '%n %F %u %a' a a/b a/b/c b2; "
                                          "/busybox ls /t/proc/self/comm /t/dev/null",
                                .mounts = {{"/a/b/c", NULL, TRUE},
                                           {"/b2", BUSYBOX, FALSE},
                                           {"/t/proc", SANDBOX_PROC, TRUE},
                                           {"/t/dev", SANDBOX_DEV, TRUE}}});
    assert_string_equal(out, "a directory 0 755\na/b directory 0 755\na/b/c directory 0 755\n"
                             "b2 regular file 65534 755\n/t/dev/null\n/t/proc/self/comm\n");
}

static void talks_over_its_socket(void **state)
{
    (void)state;
    int ends_of[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_of), 0);
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) child = run_start(
        &(struct run){.script = "read a <&3; echo got $a >&3", .socket = ends_of[1]}, &error);
    assert_no_error(error);
    close(ends_of[1]);
    char text[64] = "";
    assert_int_equal(write(ends_of[0], "hello\n", 6), 6);
    assert_int_equal(read(ends_of[0], text, sizeof text - 1), 10);
    assert_string_equal(text, "got hello\n");
    assert_int_equal(read(ends_of[0], text, sizeof text), 0); /* nobody else holds it */
    close(ends_of[0]);
    assert_true(g_subprocess_wait_check(child, NULL, NULL));
}

static void faults(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    const struct run absent = {.script = "", .mounts = {{"/x", "/no/such/directory", FALSE}}};
    assert_null(run_start(&absent, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "mount /no/such/directory: No such file");
    g_clear_error(&error);
    const struct run below = {.script = "",
                              .mounts = {{"/x", "/proc/self", FALSE}, {"/x/y", NULL, FALSE}}};
    assert_null(run_start(&below, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "mount at /x/y: ");
    g_clear_error(&error);
    const char *const argv[] = {"/none", NULL}, *const env[] = {NULL};
    const struct sandbox_mount mounts[] = {{"/", NULL, TRUE}, {.at = NULL}};
    const struct sandbox_spec spec = {
        .kind = SANDBOX_USER, .argv = argv, .env = env, .mounts = mounts, .socket = -1};
    assert_null(sandbox_start(&spec, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "start /none: No such file");
}

/* A tree of its own, in a private directory of the caller: files of other UIDs stay, a link in it
 * that looks like a mount point leads nowhere outside, and paths may be longer than PATH_MAX. */
static void directories(void **state)
{
    (void)state;
    g_autofree char *tree = g_build_filename(folder, "tree", NULL);
    g_autofree char *victim = g_build_filename(folder, "victim", NULL);
    g_autoptr(GError) error = NULL;
    assert_true(sandbox_make_directory(tree, SANDBOX_USER, &error));
    assert_no_error(error);
    assert_false(sandbox_make_directory(tree, SANDBOX_USER, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "File exists");
    g_clear_error(&error);
    assert_int_equal(mkdir(victim, 0777), 0);
    g_autofree char *script =
        g_strdup_printf("cd /; /busybox mkdir -p a/b; echo x >a/b/c; /busybox chown -R 1000:7 a; "
                        "/busybox chmod 0 a; /busybox ln -s ../../../../../../%s link; "
                        "l=0123456789012345678901234567890123456789; "
                        "d=$l; while [ ${#d} -lt 2500 ]; do d=$d/$l; done; "
                        "/busybox mkdir -p x/$d y/$d; /busybox mv x y/$d",
                        victim);
    const struct run first = {.script = script, .root = tree};
    g_autofree char *none = run_whole(&first);
    assert_string_equal(none, "");
    const struct run second = {.script = "/busybox stat -c '%u %g %a' /a/b/c /a", .root = tree};
    g_autofree char *out = run_whole(&second);
    assert_string_equal(out, "1000 7 644\n1000 7 0\n");
    const struct run third = {.script = "", .root = tree, .mounts = {{"/link/x", NULL, TRUE}}};
    assert_null(run_start(&third, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "mount at /link/x: No such file");
    g_clear_error(&error);
    assert_int_equal(rmdir(victim), 0);
    assert_true(sandbox_remove_directory(tree, SANDBOX_USER, &error));
    assert_no_error(error);
    assert_int_not_equal(access(tree, F_OK), 0);
    assert_true(sandbox_remove_directory(tree, SANDBOX_USER, &error));
}

/* Below a directory that only the caller may enter. */
static int private_folder(void **state)
{
    (void)state;
    return chmod(folder, 0700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output),       cmocka_unit_test(surroundings),
        cmocka_unit_test(ends),         cmocka_unit_test(orphans),
        cmocka_unit_test(devices),      cmocka_unit_test(rights),
        cmocka_unit_test(mount_points), cmocka_unit_test(talks_over_its_socket),
        cmocka_unit_test(faults),       cmocka_unit_test(directories),
    };
    if (run_possible() != 0 || folder_make("sandbox") != 0)
        return 1;
    return cmocka_run_group_tests(tests, private_folder, folder_remove);
}
