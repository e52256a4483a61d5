/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>

/* No process survives.  All of them hold an end of a socket, so its other end reads EOF when the
 * last one has died, and not before. */

#define LIMIT (20 * 1000) /* ms, for a loaded machine */

/* Daemons of three kinds, and a stopped process. */
static const char script[] =
    "trap '' TERM INT HUP; "
    "/busybox setsid /busybox sh -c 'trap \"\" TERM; echo a >&3; while :; do /busybox sleep 9; "
    "done' & ( (echo b >&3; exec /busybox sleep 999) & ) & "
    "/busybox sh -c 'echo c >&3; kill -STOP $$' & "
    "echo d >&3; exec >/dev/null 2>&1; while :; do /busybox sleep 9; done";

static void pair(int ends_of[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_of), 0);
}

/* The next bytes; 0: all have died. */
static gssize next(int fd, char *bytes, gsize size)
{
    struct pollfd from = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&from, 1, LIMIT), 1);
    return read(fd, bytes, size);
}

static void await_all_four(int fd)
{
    char bytes[16];
    for (gsize lines = 0; lines < 4;) {
        gssize n = next(fd, bytes, sizeof bytes);
        assert_true(n > 0);
        for (gssize i = 0; i < n; i++)
            lines += bytes[i] == '\n';
    }
}

static void assert_all_dead(int fd)
{
    char byte;
    assert_int_equal(next(fd, &byte, 1), 0);
    close(fd);
}

static void by_force(void **state)
{
    (void)state;
    int ends_of[2];
    pair(ends_of);
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) child =
        run_start(&(struct run){.script = script, .socket = ends_of[1]}, &error);
    assert_no_error(error);
    close(ends_of[1]);
    await_all_four(ends_of[0]);
    g_subprocess_force_exit(child);
    assert_all_dead(ends_of[0]);
    assert_true(g_subprocess_wait(child, NULL, NULL));
}

/* They die with the program, and before its end is reported. */
static void with_the_program(void **state)
{
    (void)state;
    int ends_of[2];
    pair(ends_of);
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) child =
        run_start(&(struct run){.script = "/busybox setsid /busybox sleep 999 & exit 5",
                                .socket = ends_of[1]},
                  &error);
    assert_no_error(error);
    close(ends_of[1]);
    assert_true(g_subprocess_wait(child, NULL, NULL));
    assert_int_equal(g_subprocess_get_exit_status(child), 5);
    char byte;
    assert_int_equal(recv(ends_of[0], &byte, 1, MSG_DONTWAIT), 0);
    close(ends_of[0]);
}

/* ---- with ingot ---- */

/* This program again, in the place of ingot: descriptor 3 is the sandbox's socket. */
static int play_ingot(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) child = run_start(&(struct run){.script = script, .socket = 3}, &error);
    close(3);
    if (child)
        (void)g_subprocess_wait(child, NULL, NULL);
    return 1;
}

static GSubprocess *ingot_start(int socket)
{
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_NONE);
    g_subprocess_launcher_take_fd(launcher, socket, 3);
    const char *const argv[] = {"/proc/self/exe", "ingot", NULL};
    GSubprocess *child = g_subprocess_launcher_spawnv(launcher, argv, NULL);
    assert_non_null(child);
    return child;
}

static void with_ingot(void **state)
{
    (void)state;
    int ends_of[2];
    pair(ends_of);
    g_autoptr(GSubprocess) ingot = ingot_start(ends_of[1]);
    await_all_four(ends_of[0]);
    g_subprocess_send_signal(ingot, SIGKILL);
    assert_all_dead(ends_of[0]);
    assert_true(g_subprocess_wait(ingot, NULL, NULL));
}

/* At any moment of the start: its steps change credentials, and that clears the signal which a
 * parent's death sends. */
static void with_ingot_early(void **state)
{
    (void)state;
    for (gint64 moment = 0; moment < 40; moment++) {
        int ends_of[2];
        pair(ends_of);
        g_autoptr(GSubprocess) ingot = ingot_start(ends_of[1]);
        struct pollfd from = {.fd = ends_of[0], .events = POLLIN};
        (void)poll(&from, 1, (int)moment);
        g_subprocess_send_signal(ingot, SIGKILL);
        assert_true(g_subprocess_wait(ingot, NULL, NULL));
        char bytes[16];
        while (next(ends_of[0], bytes, sizeof bytes) > 0)
            ;
        close(ends_of[0]);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "ingot") == 0)
        return play_ingot();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_force),
        cmocka_unit_test(with_the_program),
        cmocka_unit_test(with_ingot),
        cmocka_unit_test(with_ingot_early),
    };
    return run_possible() == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
