/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest.h"

#include "base/error.h"
#include "base/files.h"

#include <errno.h>
#include <poll.h>
#include <rfb/rfbclient.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

/* A running machine, from its start to every way in which it can end. */

#define PATIENCE_MS 60000

static void type(struct guest *g, const char *text)
{
    g_autoptr(GError) error = NULL;
    gboolean good = vm_write(g->machine, VM_CONSOLE, text, strlen(text), &error);
    assert_no_error(error);
    assert_true(good);
}

/* Frees the machine and looks at what it left. */
static void end(struct guest *g)
{
    GPid pid = vm_pid(g->machine);
    assert_true(pid > 0);
    vm_free(g_steal_pointer(&g->machine));
    guest_assert_nothing_left(g, pid);
    guest_free(g);
}

static char *log_file(const struct guest *g, const char *name)
{
    g_autofree char *path = g_build_filename(g->log_dir, name, NULL);
    char *text = files_read(path, 1 << 20, NULL, NULL);
    assert_non_null(text);
    return text;
}

/* One guest for the tests that leave it as it was; made by the first that runs, which can skip. */
static struct guest *typing(void **state)
{
    if (*state)
        return *state;
    struct guest *g = guest_new("typing");
    *state = g;
    guest_start(g);
    guest_wait(g, guest_console_has, "ready");
    return g;
}

static int setup(void **state)
{
    static void *shared;
    *state = &shared;
    return 0;
}

static int teardown(void **state)
{
    struct guest *g = *(struct guest **)*state;
    if (g)
        end(g);
    return 0;
}

/* Both ways on the console, one way on the log channel, and both in their files. */
static void serial(void **state)
{
    struct guest *g = typing(*state);
    type(g, "hello guest\n");
    guest_wait(g, guest_console_has, "got <hello guest>");
    guest_wait(g, guest_log_has, "read hello guest");
    g_autofree char *console = log_file(g, "console.log");
    g_autofree char *log = log_file(g, "log.log");
    assert_non_null(strstr(console, "got <hello guest>"));
    assert_non_null(strstr(log, "installer: phase one"));
    assert_null(strstr(log, "got <"));
}

/* Everybody who is attached sees the same, also what was there before they came, and may type. */
static void relay(void **state)
{
    struct guest *g = typing(*state);
    int first = guest_attach(g, 0);
    int second = guest_attach(g, 1);
    guest_wait(g, guest_both_heard, "ready");
    assert_int_equal(write(first, "one\n", 4), 4);
    guest_wait(g, guest_both_heard, "got <one>");
    assert_int_equal(write(second, "two\n", 4), 4);
    guest_wait(g, guest_both_heard, "got <two>");
    guest_detach(g, 0);
    type(g, "three\n");
    guest_wait(g, guest_console_has, "got <three>");
    guest_detach(g, 1);
}

/* The files and whoever is attached see no secret, the wait sees what the guest said. */
static void masked(void **state)
{
    (void)state;
    g_autoptr(secrets) hidden = secrets_new();
    secrets_add(hidden, "tok\"en-9371");
    struct guest *g = guest_new("typing");
    g->vm.hidden = hidden;
    guest_start(g);
    guest_wait(g, guest_console_has, "ready");
    (void)guest_attach(g, 0);
    (void)guest_attach(g, 1);
    type(g, "tok\"en-9371\n");
    guest_wait(g, guest_console_has, "got <tok\"en-9371>");
    guest_wait(g, guest_log_has, "read tok\"en-9371");
    guest_wait(g, guest_both_heard, "got <<secret>>");
    g_autofree char *console = log_file(g, "console.log");
    assert_non_null(strstr(console, "got <<secret>>"));
    assert_null(strstr(console, "9371"));
    assert_null(strstr(g->heard[0]->str, "9371"));
    end(g);
}

static void power_off(void **state)
{
    (void)state;
    struct guest *g = guest_new("early");
    guest_start(g);
    guest_wait(g, guest_gone, NULL);
    assert_int_equal(g->status, 0);
    assert_true(guest_event(g, "SHUTDOWN guest-shutdown\n"));
    assert_true(guest_log_has(g, "phase one"));
    end(g);
}

/* The guest tells QEMU of its panic (pvpanic). */
static void panic_event(void **state)
{
    (void)state;
    struct guest *g = guest_new("notify");
    guest_start(g);
    guest_wait(g, guest_gone, NULL);
    assert_true(guest_event(g, "GUEST_PANICKED"));
    assert_true(guest_console_has(g, "Kernel panic"));
    end(g);
}

static void quit(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    struct guest *g = guest_new("stay");
    guest_start(g);
    gboolean asked = vm_stop(g->machine, FALSE, &error);
    assert_no_error(error);
    assert_true(asked);
    guest_wait(g, guest_gone, NULL);
    assert_true(guest_event(g, "SHUTDOWN host-qmp-quit\n"));
    assert_false(vm_stop(g->machine, FALSE, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "quit");
    end(g);
}

static void killed(void **state)
{
    (void)state;
    struct guest *g = guest_new("stay");
    guest_start(g);
    assert_int_equal(kill(vm_pid(g->machine), SIGKILL), 0);
    guest_wait(g, guest_gone, NULL);
    assert_int_equal(g->status, 128 + SIGKILL);
    end(g);
}

/* The counters move with the disk and with the network. */
static void counters(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    struct vm_counters before, written, after;
    struct guest *g = guest_new("disk");
    g->vm.disk = g_build_filename(g->top, "disk.qcow2", NULL);
    g->vm.network = TRUE;
    assert_true(vm_disk_create(g->vm.disk, 64 << 20, NULL, NULL, NULL));
    guest_start(g);
    gboolean known = vm_counters(g->machine, &before, &error);
    assert_no_error(error);
    assert_true(known);
    guest_wait(g, guest_log_has, "written");
    assert_true(vm_counters(g->machine, &written, NULL));
    assert_true(written.disk_written >= 8 << 20);
    guest_wait(g, guest_log_has, "answered");
    assert_true(vm_counters(g->machine, &after, NULL));
    assert_true(after.sent >= 2 && after.received >= 2); /* ARP and ICMP, there and back */
    end(g);
}

/* A paused guest says nothing; it goes on where it was. */
static void paused(void **state)
{
    (void)state;
    struct guest *g = guest_new("chatter");
    guest_start(g);
    guest_wait(g, guest_log_has, "still here");
    assert_true(vm_pause(g->machine, NULL));
    guest_wait(g, guest_event, "STOP ");
    g_string_truncate(g->said[VM_LOG], 0);
    assert_true(vm_continue(g->machine, NULL));
    guest_wait(g, guest_log_has, "still here");
    end(g);
}

/* ---- the screen ---- */

static guint png_number(const char *png, gsize at)
{
    const guchar *p = (const guchar *)png + at;
    return (guint)p[0] << 24 | (guint)p[1] << 16 | (guint)p[2] << 8 | p[3];
}

static gboolean frame_came;

static void on_frame(rfbClient *client)
{
    (void)client;
    frame_came = TRUE;
}

/* A picture over VNC has the size of the one that QEMU saves (PNG, 11.2.2: IHDR). */
static void screen(void **state)
{
    struct guest *g = typing(*state);
    g_autoptr(GError) error = NULL;
    rfbClient *client = rfbGetClient(8, 3, 4);
    free(client->serverHost);
    client->serverHost = g_strdup_printf("%s/vnc", g->dir);
    client->FinishedFrameBufferUpdate = on_frame;
    if (!rfbInitClient(client, NULL, NULL))
        fail_msg("no VNC handshake on %s/vnc", g->dir);
    while (!frame_came) {
        assert_true(WaitForMessage(client, PATIENCE_MS * 1000u) > 0);
        assert_true(HandleRFBServerMessage(client));
    }
    g_autofree char *path = g_build_filename(g->log_dir, "screen.png", NULL);
    gboolean saved = vm_screenshot(g->machine, path, &error);
    assert_no_error(error);
    assert_true(saved);
    gsize length = 0;
    g_autofree char *png = files_read(path, 16 << 20, &length, NULL);
    assert_true(length > 24);
    assert_memory_equal(png + 1, "PNG", 3);
    assert_int_equal(png_number(png, 16), client->width);
    assert_int_equal(png_number(png, 20), client->height);
    assert_true(client->width >= 640 && client->height >= 400);
    g_free(client->frameBuffer);
    client->frameBuffer = NULL;
    rfbClientCleanup(client);
}

/* ---- starting ---- */

static void bad_start(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    const struct vm_events none = {0};
    struct guest *g = guest_new("stay");
    g_free(g->vm.accel.cpu);
    g->vm.accel.cpu = g_strdup("no-such-cpu");
    assert_null(vm_start(&g->vm, g->dir, g->log_dir, &none, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "QEMU did not start");
    assert_error_says(error, INGOT_EXIT_HOST, "no-such-cpu");
    g_autofree char *said = log_file(g, "qemu.log");
    assert_non_null(strstr(said, "no-such-cpu"));
    g_clear_error(&error);
    g_free(g->vm.arch);
    g->vm.arch = g_strdup("vax");
    assert_null(vm_start(&g->vm, g->dir, g->log_dir, &none, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "vax");
    g_clear_error(&error);
    g_autofree char *deep = g_strnfill(120, 'd');
    g_free(g->vm.arch);
    g->vm.arch = g_strdup("x86_64");
    assert_null(vm_start(&g->vm, deep, g->log_dir, &none, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "is too long");
    guest_free(g);
}

/* ---- the parent's death ---- */

/* What the child does: starts the machine, says its number, and runs it. */
static G_NORETURN void child(void)
{
    struct guest *g = guest_new("stay");
    guest_start(g);
    printf("%d %s\n", (int)vm_pid(g->machine), g->top);
    fflush(stdout);
    for (;;)
        g_main_context_iteration(NULL, TRUE);
}

static void wait_end(int pidfd)
{
    struct pollfd p = {.fd = pidfd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
    close(pidfd);
}

static void parent_dies(void **state)
{
    (void)state;
    guest_free(guest_new("stay")); /* skips here and not in the child */
    char *argv[] = {(char *)"/proc/self/exe", (char *)"--child", NULL};
    GPid parent = 0;
    int out = -1, machine = 0;
    assert_true(g_spawn_async_with_pipes(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                                         &parent, NULL, &out, NULL, NULL));
    FILE *said = fdopen(out, "r");
    char top[256] = "";
    assert_int_equal(fscanf(said, "%d %255s", &machine, top), 2);
    int machine_fd = pidfd_open(machine, 0), parent_fd = pidfd_open(parent, 0);
    assert_true(machine_fd >= 0 && parent_fd >= 0);
    assert_int_equal(kill(parent, SIGKILL), 0);
    wait_end(parent_fd);
    wait_end(machine_fd);
    g_spawn_close_pid(parent);
    fclose(said);
    files_remove_tree(top);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--child") == 0)
        child();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serial),      cmocka_unit_test(relay),       cmocka_unit_test(screen),
        cmocka_unit_test(masked),      cmocka_unit_test(power_off),   cmocka_unit_test(quit),
        cmocka_unit_test(panic_event), cmocka_unit_test(killed),      cmocka_unit_test(counters),
        cmocka_unit_test(paused),      cmocka_unit_test(parent_dies), cmocka_unit_test(bad_start)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
