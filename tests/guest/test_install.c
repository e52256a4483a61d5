/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest.h"

#include "../install/medium.h"

#include "base/error.h"

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/* The wait, against a guest that behaves as an installer does: well, and in every bad way. */

static const struct os_phase phases[] = {{"installer: phase one$", "one", FALSE},
                                         {"installer: phase two$", "two", FALSE},
                                         {"installer: phase last$", "last", TRUE},
                                         {NULL, NULL, FALSE}};
static const struct os_failure failures[] = {
    {"cannot use (\\S+)", "the disk \\1 cannot be used", "give the machine a disk"},
    {NULL, NULL, NULL}};
static const struct os_failure console[] = {
    {"\\[y/n\\] $", "the installer asks a question", "answer it in the preseed"},
    {NULL, NULL, NULL}};

static const struct os_failure reasons[] = {
    {"mirror: (.*)", "the mirror does not answer: \\1", "look at the mirror"}, {NULL, NULL, NULL}};

struct outcome {
    gboolean good;
    GError *error;
    struct install_record *record;
    GPtrArray *phases; /* of the record */
    double seconds;
};

/* more: what the test adds to the spec, or NULL. */
static struct outcome run_spec(struct guest *g, struct install_limits limits,
                               const struct install_spec *more, GCancellable *cancel)
{
    struct outcome o = {0};
    struct install_spec spec = more ? *more : (struct install_spec){0};
    spec.vm = &g->vm;
    spec.name = "guest";
    spec.phases = phases;
    spec.failures = failures;
    spec.console = console;
    spec.reasons = reasons;
    spec.limits = limits;
    spec.dir = g->dir;
    spec.log_dir = g->log_dir;
    gint64 began = g_get_monotonic_time();
    o.good = install_run(&spec, NULL, cancel, &o.record, &o.error);
    o.seconds = (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
    assert_non_null(o.record);
    o.phases = o.record->phases;
    assert_true(o.good == !o.record->failure || g_cancellable_is_cancelled(cancel));
    return o;
}

static struct outcome run(struct guest *g, struct install_limits limits, GCancellable *cancel)
{
    return run_spec(g, limits, NULL, cancel);
}

static const struct install_limits patient = {.total = 180, .inactivity = 120};

static gboolean pictured(const struct guest *g)
{
    g_autofree char *path = g_build_filename(g->log_dir, "screen.png", NULL);
    return g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

static const char *phase_name(const struct outcome *o, guint i)
{
    assert_true(i < o->phases->len);
    return ((const struct timeline_phase *)g_ptr_array_index(o->phases, i))->name;
}

/* Nothing listens and nothing runs any more: QEMU is a child, so wait(2) would know it. */
static void end(struct guest *g, struct outcome *o)
{
    g_autoptr(GDir) dir = g_dir_open(g->dir, 0, NULL);
    assert_null(g_dir_read_name(dir));
    g_autofree char *children = g_strdup_printf("/proc/self/task/%d/children", (int)getpid());
    g_autofree char *text = NULL;
    if (g_file_get_contents(children, &text, NULL, NULL))
        assert_string_equal(text, "");
    g_clear_error(&o->error);
    install_record_free(o->record);
    guest_free(g);
}

static void success(void **state)
{
    (void)state;
    struct guest *g = guest_new("install");
    struct outcome o = run(g, patient, NULL);
    assert_no_error(o.error);
    assert_true(o.good);
    assert_int_equal(o.phases->len, 4);
    assert_string_equal(phase_name(&o, 0), "boot");
    assert_string_equal(phase_name(&o, 1), "one");
    assert_string_equal(phase_name(&o, 2), "two");
    assert_string_equal(phase_name(&o, 3), "last");
    double sum = 0;
    for (guint i = 0; i < o.phases->len; i++)
        sum += ((const struct timeline_phase *)g_ptr_array_index(o.phases, i))->seconds;
    assert_true(sum > 0 && sum <= o.seconds);
    assert_false(pictured(g));
    end(g, &o);
}

/* The error names the phase and the cause. */
static void failing(const char *what, const char *phase, const char *cause)
{
    struct guest *g = guest_new(what);
    struct outcome o = run(g, patient, NULL);
    g_autofree char *where = g_strdup_printf("in the phase \"%s\"", phase);
    assert_false(o.good);
    assert_error_says(o.error, INGOT_EXIT_INSTALL, where);
    assert_error_says(o.error, INGOT_EXIT_INSTALL, cause);
    end(g, &o);
}

static void early_power_off(void **state)
{
    (void)state;
    failing("early", "one", "the guest powered off before the installation was finished");
}

static void early_restart(void **state)
{
    (void)state;
    failing("restart", "one", "the guest restarted before the installation was finished");
}

static void panic(void **state)
{
    (void)state;
    failing("panic", "one", "the guest's kernel panicked: sysrq triggered crash");
}

/* At once, with the remedy, the last line of the log and a picture. */
static void fatal_line(void **state)
{
    (void)state;
    struct guest *g = guest_new("fatal");
    struct outcome o = run(g, patient, NULL);
    assert_error_says(o.error, INGOT_EXIT_INSTALL, "the disk /dev/vda cannot be used");
    assert_error_says(o.error, INGOT_EXIT_INSTALL, "\n  | installer: cannot use /dev/vda");
    assert_string_equal(ingot_error_hint(o.error), "give the machine a disk");
    assert_true(pictured(g));
    end(g, &o);
}

static void prompt(void **state)
{
    (void)state;
    struct guest *g = guest_new("prompt");
    struct outcome o = run(g, patient, NULL);
    assert_error_says(o.error, INGOT_EXIT_INSTALL, "the installer asks a question");
    assert_string_equal(ingot_error_hint(o.error), "answer it in the preseed");
    assert_true(pictured(g));
    const struct timeline_phase *last = g_ptr_array_index(o.phases, o.phases->len - 1);
    assert_true(last->seconds >= INSTALL_PROMPT_SECONDS);
    end(g, &o);
}

/* The machine lives, and nothing moves in it. */
static void stall(void **state)
{
    (void)state;
    struct guest *g = guest_new("stay");
    struct outcome o = run(g, (struct install_limits){.total = 180, .inactivity = 8}, NULL);
    assert_error_says(o.error, INGOT_EXIT_INSTALL, "nothing moved for 8.0 s");
    assert_true(o.seconds >= 8);
    assert_true(pictured(g));
    end(g, &o);
}

/* Output without end does not stretch the whole. */
static void total_limit(void **state)
{
    (void)state;
    struct guest *g = guest_new("chatter");
    struct outcome o = run(g, (struct install_limits){.total = 8, .inactivity = 120}, NULL);
    assert_error_says(o.error, INGOT_EXIT_INSTALL, "exceeded its limit of 8.0 s");
    assert_true(o.seconds >= 8 && o.seconds < 30);
    end(g, &o);
}

/* How long it took from the phase's begin until the failure was known. */
static double noticed(const struct outcome *o)
{
    const struct timeline_phase *last = g_ptr_array_index(o->phases, o->phases->len - 1);
    return last->seconds;
}

static void emergency(void **state)
{
    (void)state;
    struct guest *g = guest_new("emergency");
    struct outcome o = run(g, patient, NULL);
    assert_error_says(o.error, INGOT_EXIT_INSTALL, "the guest is in its emergency shell");
    assert_true(noticed(&o) < 10);
    end(g, &o);
}

/* What went wrong before leads; what the installer says of itself follows. */
static void reason(void **state)
{
    (void)state;
    struct guest *g = guest_new("reason");
    struct outcome o = run(g, patient, NULL);
    const struct install_failure *f = o.record->failure;
    assert_string_equal(f->cause, "the mirror does not answer: connection refused (the disk the "
                                  "cannot be used)");
    assert_string_equal(f->remedy, "look at the mirror");
    assert_string_equal(f->phase, "one");
    assert_string_equal(g_ptr_array_index(f->evidence, 0), "reason: mirror: connection refused");
    assert_true(noticed(&o) < 10);
    end(g, &o);
}

/* The machine lives and asks the network, and the network is dead. */
static void dead_network(void **state)
{
    (void)state;
    struct guest *g = guest_new("nobody");
    g->vm.network = TRUE;
    struct outcome o = run(g, (struct install_limits){.total = 180, .inactivity = 12}, NULL);
    assert_error_says(o.error, INGOT_EXIT_INSTALL, "nothing moved for 12.0 s");
    assert_error_says(o.error, INGOT_EXIT_INSTALL, "packets that nobody answered");
    assert_non_null(strstr(ingot_error_hint(o.error), "mirror"));
    assert_true(o.record->samples->len > 3);
    end(g, &o);
}

static double one_second(const char *phase, gpointer user)
{
    (void)user;
    return strcmp(phase, "one") == 0 ? 1 : -1;
}

/* What earlier runs of a phase teach is a shorter limit. */
static void learned(void **state)
{
    (void)state;
    struct guest *g = guest_new("stay");
    const struct install_spec more = {.earlier = one_second};
    struct outcome o = run_spec(
        g, (struct install_limits){.total = 900, .inactivity = 900, .spare = 4}, &more, NULL);
    assert_error_says(o.error, INGOT_EXIT_INSTALL, "nothing moved for 6.0 s");
    assert_true(noticed(&o) >= 6 && noticed(&o) < 30);
    end(g, &o);
}

/* Busy, but for too long. */
static void too_long(void **state)
{
    (void)state;
    struct guest *g = guest_new("chatter");
    const struct install_spec more = {.earlier = one_second};
    struct outcome o = run_spec(g, (struct install_limits){.total = 900, .spare = 1}, &more, NULL);
    assert_error_says(o.error, INGOT_EXIT_INSTALL, "in earlier runs it took at most 1.0 s");
    assert_true(noticed(&o) >= 11 && noticed(&o) < 30);
    end(g, &o);
}

/* The host has no room for what the guest writes. */
static void host_full(void **state)
{
    (void)state;
    struct guest *g = guest_new("fill");
    g_autofree char *small = g_build_filename(g->top, "small", NULL);
    g_autofree char *disk = g_build_filename(small, "disk.qcow2", NULL);
    assert_int_equal(g_mkdir(small, 0700), 0);
    if (mount("tmpfs", small, "tmpfs", 0, "size=16m") != 0) {
        guest_free(g);
        print_message("# SKIP a small file system needs root: %s\n", g_strerror(errno));
        skip();
    }
    g->vm.disk = g_strdup(disk);
    assert_true(vm_disk_create(disk, 256 << 20, NULL, NULL, NULL));
    struct outcome o = run(g, patient, NULL);
    assert_error_says(o.error, INGOT_EXIT_INSTALL, "the host's disk is full");
    assert_non_null(strstr(ingot_error_hint(o.error), small));
    assert_true(noticed(&o) < 60);
    assert_int_equal(umount2(small, MNT_DETACH), 0);
    end(g, &o);
}

/* Nothing says so but the screen: SeaBIOS, without a disk to boot. */
static void no_bootable_device(void **state)
{
    (void)state;
    struct guest *g = guest_new("stay");
    g_clear_pointer(&g->vm.kernel, g_free);
    g_clear_pointer(&g->vm.initrd, g_free);
    g_clear_pointer(&g->vm.command_line, g_free);
    struct outcome o = run(g, patient, NULL);
    assert_error_says(o.error, INGOT_EXIT_INSTALL, "the firmware found no bootable device");
    assert_true(o.seconds < 45);
    const GPtrArray *pictures = o.record->pictures;
    assert_true(pictures->len > 0);
    const struct install_picture *last = g_ptr_array_index(pictures, pictures->len - 1);
    assert_non_null(strstr(last->text, "No bootable device."));
    assert_true(pictured(g));
    end(g, &o);
}

/* ---- a failed machine that is kept ---- */

struct person {
    const struct guest *guest;
    const char *word, *answer;
    gboolean said;
    GSocketConnection *silent; /* somebody else, who says nothing and leaves later */
};

static GSocketConnection *connected(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
    return g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), NULL, NULL);
}

static gboolean send_line(const char *dir, const char *name, const char *line)
{
    g_autoptr(GSocketConnection) there = connected(dir, name);
    GOutputStream *to = there ? g_io_stream_get_output_stream(G_IO_STREAM(there)) : NULL;
    return to && g_output_stream_write_all(to, line, strlen(line), NULL, NULL, NULL);
}

static gboolean leave(gpointer data)
{
    struct person *p = data;
    g_clear_object(&p->silent);
    return G_SOURCE_REMOVE;
}

static gboolean look_in(gpointer data)
{
    struct person *p = data;
    if (!p->silent)
        p->silent = connected(p->guest->dir, "control");
    if (!p->silent || !send_line(p->guest->dir, "control", p->word))
        return G_SOURCE_CONTINUE;
    p->said = TRUE;
    g_timeout_add(300, leave, p);
    if (p->answer)
        assert_true(send_line(p->guest->dir, "attach", p->answer));
    return G_SOURCE_REMOVE;
}

/* Somebody answers the question, and the installation goes on to its end. */
static void resumed(void **state)
{
    (void)state;
    struct guest *g = guest_new("prompt");
    struct person p = {.guest = g, .word = "resume\n", .answer = "y\n"};
    const struct install_spec more = {.keep = 120};
    g_timeout_add(100, look_in, &p);
    struct outcome o = run_spec(g, patient, &more, NULL);
    g_source_remove_by_user_data(&p);
    leave(&p);
    assert_no_error(o.error);
    assert_true(p.said && o.good);
    end(g, &o);
}

static void kept_and_stopped(void **state)
{
    (void)state;
    struct guest *g = guest_new("prompt");
    struct person p = {.guest = g, .word = "stop\n"};
    const struct install_spec more = {.keep = 120};
    g_timeout_add(100, look_in, &p);
    struct outcome o = run_spec(g, patient, &more, NULL);
    g_source_remove_by_user_data(&p); /* the machine was gone sooner */
    leave(&p);
    assert_true(p.said);
    assert_error_says(o.error, INGOT_EXIT_INSTALL, "the installer asks a question");
    end(g, &o);
}

static void kept_too_long(void **state)
{
    (void)state;
    struct guest *g = guest_new("fatal");
    const struct install_spec more = {.keep = 3};
    struct outcome o = run_spec(g, patient, &more, NULL);
    assert_error_says(o.error, INGOT_EXIT_INSTALL, "cannot be used");
    end(g, &o);
}

/* ---- a medium that boots only by itself ---- */

/* The guest's machine, booted by isolinux from a CD; what: see init.  The caller frees the path. */
static char *as_medium(struct guest *g)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *lacks = medium_lacks();
    if (lacks) {
        print_message("# skipped: %s\n", lacks);
        skip();
    }
    g->vm.cdrom = g_build_filename(g->top, "medium.iso", NULL);
    gboolean written = medium_write_with(g->vm.cdrom, g->vm.kernel, g->vm.initrd, &error);
    assert_no_error(error);
    assert_true(written);
    g_clear_pointer(&g->vm.kernel, g_free);
    g_clear_pointer(&g->vm.initrd, g_free);
    char *command = g_strdup_printf("<wait \"boot:\">auto %s<enter>", g->vm.command_line);
    g_clear_pointer(&g->vm.command_line, g_free);
    return command;
}

static struct outcome run_medium(struct guest *g, const struct install_boot_command *boot,
                                 struct install_limits limits)
{
    const struct install_spec more = {.boot_command = boot};
    return run_spec(g, limits, &more, NULL);
}

/* Typed at a real boot loader, which would wait for ever. */
static void boot_command(void **state)
{
    (void)state;
    struct guest *g = guest_new("install");
    g_autofree char *command = as_medium(g);
    const struct install_boot_command boot = {.command = command};
    struct outcome o = run_medium(g, &boot, patient);
    assert_no_error(o.error);
    assert_true(o.good);
    assert_int_equal(o.phases->len, 4);
    print_message("# booted by command and installed in %.1f s\n", o.seconds);
    end(g, &o);
}

/* UEFI, and grub at its prompt. */
static void boot_command_uefi(void **state)
{
    (void)state;
    struct guest *g = guest_new("install");
    g_autoptr(GError) error = NULL;
    g_autofree char *lacks = medium_uefi_lacks();
    if (lacks) {
        print_message("# skipped: %s\n", lacks);
        skip();
    }
    guest_choose_firmware(g, "uefi");
    g->vm.cdrom = g_build_filename(g->top, "medium.iso", NULL);
    gboolean written = medium_write_uefi(g->vm.cdrom, g->vm.kernel, g->vm.initrd, g->top, &error);
    assert_no_error(error);
    assert_true(written);
    g_clear_pointer(&g->vm.kernel, g_free);
    g_clear_pointer(&g->vm.initrd, g_free);
    g_autofree char *command =
        g_strdup_printf("<wait \"grub>\">linux /linux %s<enter>initrd /initrd.gz<enter>boot<enter>",
                        g->vm.command_line);
    g_clear_pointer(&g->vm.command_line, g_free);
    const struct install_boot_command boot = {.command = command};
    struct outcome o = run_medium(g, &boot, (struct install_limits){.total = 400});
    assert_no_error(o.error);
    assert_true(o.good);
    print_message("# booted by UEFI and installed in %.1f s\n", o.seconds);
    end(g, &o);
}

/* The machine lives and says things; only the answer file is not requested. */
static void answer_not_asked_for(void **state)
{
    (void)state;
    struct guest *g = guest_new("chatter");
    g_autoptr(GError) error = NULL;
    g_autofree char *command = as_medium(g);
    g_autoptr(GBytes) data = g_bytes_new_static("x", 1);
    const struct media_file files[] = {{"preseed.cfg", data, 0600}};
    g_autoptr(seed_server) seed = seed_server_new(files, 1, NULL, NULL, &error);
    assert_no_error(error);
    const struct install_boot_command boot = {
        .command = command, .seed = seed, .answer = "preseed.cfg", .answer_limit = 3};
    struct outcome o = run_medium(g, &boot, patient);
    assert_error_says(o.error, INGOT_EXIT_INSTALL,
                      "did not request its answer file preseed.cfg within 3.0 s");
    assert_true(pictured(g));
    print_message("# known after %.1f s\n", o.seconds);
    end(g, &o);
}

/* What the boot loader does not understand is waited for no longer than is said. */
static void text_does_not_come(void **state)
{
    (void)state;
    struct guest *g = guest_new("install");
    g_autofree char *command = as_medium(g);
    const struct install_boot_command boot = {.command = "<wait \"no such text\" 4s><enter>"};
    struct outcome o = run_medium(g, &boot, patient);
    assert_error_says(o.error, INGOT_EXIT_INSTALL, "cannot type the boot command: ");
    assert_error_says(o.error, INGOT_EXIT_INSTALL, "no such text");
    end(g, &o);
}

/* ---- what is done to it while it runs: when the log has its first line ---- */

struct blow {
    const struct guest *guest;
    GCancellable *cancel; /* NULL: SIGKILL for QEMU */
    gboolean done;
};

static void kill_children(void)
{
    g_autofree char *path = g_strdup_printf("/proc/self/task/%d/children", (int)getpid());
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_auto(GStrv) pids = g_strsplit(g_strstrip(text), " ", -1);
    assert_int_equal(g_strv_length(pids), 1);
    assert_int_equal(kill((pid_t)g_ascii_strtoll(pids[0], NULL, 10), SIGKILL), 0);
}

static gboolean strike(gpointer data)
{
    struct blow *b = data;
    g_autofree char *path = g_build_filename(b->guest->log_dir, "log.log", NULL);
    g_autofree char *log = NULL;
    if (!g_file_get_contents(path, &log, NULL, NULL) || !strstr(log, "phase one"))
        return G_SOURCE_CONTINUE;
    b->done = TRUE;
    if (b->cancel)
        g_cancellable_cancel(b->cancel);
    else
        kill_children();
    return G_SOURCE_REMOVE;
}

static void cancelled(void **state)
{
    (void)state;
    struct guest *g = guest_new("chatter");
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    struct blow blow = {.guest = g, .cancel = cancel};
    g_timeout_add(50, strike, &blow);
    struct outcome o = run(g, patient, cancel);
    assert_true(blow.done);
    assert_false(o.good);
    assert_true(g_error_matches(o.error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    assert_string_equal(phase_name(&o, o.phases->len - 1), "one");
    assert_false(pictured(g));
    end(g, &o);
}

static void cancelled_before(void **state)
{
    (void)state;
    struct guest *g = guest_new("stay");
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_cancellable_cancel(cancel);
    struct outcome o = run(g, patient, cancel);
    assert_true(g_error_matches(o.error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    end(g, &o);
}

static void killed(void **state)
{
    (void)state;
    struct guest *g = guest_new("chatter");
    struct blow blow = {.guest = g};
    g_timeout_add(50, strike, &blow);
    struct outcome o = run(g, patient, NULL);
    assert_true(blow.done);
    assert_error_says(o.error, INGOT_EXIT_INSTALL, "QEMU was killed by signal 9");
    assert_error_says(o.error, INGOT_EXIT_INSTALL, "in the phase \"one\"");
    end(g, &o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(success),
                                       cmocka_unit_test(early_power_off),
                                       cmocka_unit_test(panic),
                                       cmocka_unit_test(early_restart),
                                       cmocka_unit_test(fatal_line),
                                       cmocka_unit_test(prompt),
                                       cmocka_unit_test(stall),
                                       cmocka_unit_test(total_limit),
                                       cmocka_unit_test(cancelled),
                                       cmocka_unit_test(cancelled_before),
                                       cmocka_unit_test(killed),
                                       cmocka_unit_test(emergency),
                                       cmocka_unit_test(reason),
                                       cmocka_unit_test(dead_network),
                                       cmocka_unit_test(learned),
                                       cmocka_unit_test(too_long),
                                       cmocka_unit_test(host_full),
                                       cmocka_unit_test(resumed),
                                       cmocka_unit_test(kept_and_stopped),
                                       cmocka_unit_test(boot_command),
                                       cmocka_unit_test(boot_command_uefi),
                                       cmocka_unit_test(answer_not_asked_for),
                                       cmocka_unit_test(text_does_not_come),
                                       cmocka_unit_test(kept_too_long),
                                       cmocka_unit_test(no_bootable_device)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
