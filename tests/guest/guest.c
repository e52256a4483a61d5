/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest.h"

#include "base/files.h"
#include "base/spawn.h"
#include "initramfs.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LIMIT_SECONDS 120
/* SeaBIOS reads no disk that is smaller than a cylinder. */
#define DISK_SIZE (1u << 20)
/* Without what costs an emulated processor seconds and is of no use here. */
#define COMMAND_LINE                                                                               \
    "console=ttyS0 quiet panic=-1 nokaslr mitigations=off no_timer_check cryptomgr.notests "       \
    "ipv6.disable=1 audit=0 do="

static void skip_because(const char *why)
{
    print_message("# skipped: %s\n", why);
    skip();
}

/* The newest kernel of this host that can be read; NULL when there is none. */
static char *find_kernel(void)
{
    g_autofree char *best = NULL;
    const char *name;
    g_autoptr(GDir) boot = g_dir_open("/boot", 0, NULL);
    while (boot && (name = g_dir_read_name(boot))) {
        g_autofree char *path = g_build_filename("/boot", name, NULL);
        if (!g_str_has_prefix(name, "vmlinuz-") || access(path, R_OK) != 0)
            continue;
        if (best && strverscmp(best, path) >= 0)
            continue;
        g_free(best);
        best = g_steal_pointer(&path);
    }
    return g_steal_pointer(&best);
}

static void need(const char *program, const char *package)
{
    g_autofree char *path = g_find_program_in_path(program);
    g_autofree char *why =
        g_strdup_printf("%s is not on this host; install the package %s", program, package);
    if (!path)
        skip_because(why);
}

static char *need_kernel(void)
{
    need("qemu-system-x86_64", "qemu-system-x86");
    need("busybox", "busybox-static");
    char *kernel = find_kernel();
    if (!kernel)
        skip_because("no kernel in /boot can be read; install one (linux-image-cloud-amd64), or "
                     "as root: chmod 0644 /boot/vmlinuz-*");
    return kernel;
}

static void make_initrd(struct guest *g)
{
    g_autofree char *busybox = g_find_program_in_path("busybox");
    g_autofree char *init =
        g_build_filename(g_getenv("INGOT_TEST_SOURCE"), "tests", "guest", "init", NULL);
    g_autofree char *modules = g_build_filename(
        "/lib/modules", strstr(g->vm.kernel, "vmlinuz-") + strlen("vmlinuz-"), NULL);
    g->vm.initrd = g_build_filename(g->top, "initrd", NULL);
    assert_true(initramfs_write(g->vm.initrd, busybox, init, modules));
}

static void choose_accel(struct guest *g)
{
    g_autoptr(GError) error = NULL;
    gboolean known = vm_accel_probe("x86_64", g->top, FALSE, NULL, &g->vm.accel, &error);
    assert_no_error(error);
    assert_true(known);
}

void guest_choose_firmware(struct guest *g, const char *kind)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *data = files_data_dir();
    g_autoptr(vm_firmware_list) all = vm_firmware_list_read(data);
    vm_firmware_unref(g->vm.firmware);
    g->vm.firmware = vm_firmware_choose(all, g->vm.arch, firmware_kind_find(kind), &error);
    if (!g->vm.firmware)
        skip_because(error->message);
}

static struct guest *new_machine(void)
{
    struct guest *g = g_new0(struct guest, 1);
    g->top = files_temp_dir(g_get_tmp_dir(), "guest", NULL);
    g->dir = g_build_filename(g->top, "run", NULL);
    g->log_dir = g_build_filename(g->top, "log", NULL);
    assert_true(files_mkdir(g->dir, TRUE, NULL) && files_mkdir(g->log_dir, FALSE, NULL));
    g->vm.name = g_strdup("tiny");
    g->vm.arch = g_strdup("x86_64");
    g->vm.cpus = 1;
    g->vm.memory = 256u << 20;
    g->said[VM_CONSOLE] = g_string_new(NULL);
    g->said[VM_LOG] = g_string_new(NULL);
    g->events = g_string_new(NULL);
    g->heard[0] = g_string_new(NULL);
    g->heard[1] = g_string_new(NULL);
    choose_accel(g);
    guest_choose_firmware(g, "bios");
    return g;
}

struct guest *guest_new(const char *what)
{
    g_autofree char *kernel = need_kernel();
    struct guest *g = new_machine();
    g->vm.kernel = g_steal_pointer(&kernel);
    g->vm.command_line = g_strconcat(COMMAND_LINE, what, NULL);
    make_initrd(g);
    return g;
}

struct guest *guest_new_booting(const guint8 *sector)
{
    need("qemu-system-x86_64", "qemu-system-x86");
    need("qemu-img", "qemu-utils");
    struct guest *g = new_machine();
    g_autoptr(GError) error = NULL;
    g_autofree char *raw = g_build_filename(g->top, "sector", NULL);
    g->vm.disk = g_build_filename(g->top, "disk.qcow2", NULL);
    const char *const argv[] = {"qemu-img", "convert", "-q", "-f",       "raw",
                                "-O",       "qcow2",   raw,  g->vm.disk, NULL};
    g_autofree char *bytes = g_malloc0(DISK_SIZE);
    memcpy(bytes, sector, 512);
    assert_true(g_file_set_contents(raw, bytes, DISK_SIZE, NULL));
    assert_true(spawn_run(argv, NULL, NULL, &error));
    assert_no_error(error);
    return g;
}

void guest_free(struct guest *g)
{
    guest_detach(g, 0);
    guest_detach(g, 1);
    vm_free(g->machine);
    files_remove_tree(g->top);
    vm_spec_clear(&g->vm);
    g_string_free(g->said[VM_CONSOLE], TRUE);
    g_string_free(g->said[VM_LOG], TRUE);
    g_string_free(g->events, TRUE);
    g_string_free(g->heard[0], TRUE);
    g_string_free(g->heard[1], TRUE);
    g_free(g->top);
    g_free(g->dir);
    g_free(g->log_dir);
    g_free(g);
}

static void on_data(vm *machine, enum vm_channel channel, const char *bytes, gsize length,
                    gpointer user)
{
    struct guest *g = user;
    assert_true(g->machine == NULL || g->machine == machine);
    assert_false(g->gone);
    g_string_append_len(g->said[channel], bytes, (gssize)length);
}

static void on_event(vm *machine, const char *name, const char *reason, gpointer user)
{
    (void)machine;
    struct guest *g = user;
    assert_false(g->gone);
    g_string_append_printf(g->events, "%s %s\n", name, reason);
}

static void on_gone(vm *machine, int status, gpointer user)
{
    (void)machine;
    struct guest *g = user;
    assert_false(g->gone);
    g->gone = TRUE;
    g->status = status;
}

void guest_start(struct guest *g)
{
    g_autoptr(GError) error = NULL;
    const struct vm_events events = {
        .data = on_data, .event = on_event, .gone = on_gone, .user = g};
    g->machine = vm_start(&g->vm, g->dir, g->log_dir, &events, &error);
    assert_no_error(error);
    assert_non_null(g->machine);
}

static gboolean on_limit(gpointer data)
{
    *(gboolean *)data = TRUE;
    return G_SOURCE_REMOVE;
}

void guest_wait(struct guest *g, gboolean (*done)(const struct guest *g, const char *text),
                const char *text)
{
    gboolean late = FALSE;
    guint timer = g_timeout_add_seconds(LIMIT_SECONDS, on_limit, &late);
    while (!late && !done(g, text))
        g_main_context_iteration(NULL, TRUE);
    if (late)
        fail_msg("no '%s' in time; console: %s; log: %s; events: %s", text ? text : "end",
                 g->said[VM_CONSOLE]->str, g->said[VM_LOG]->str, g->events->str);
    g_source_remove(timer);
}

gboolean guest_console_has(const struct guest *g, const char *text)
{
    return strstr(g->said[VM_CONSOLE]->str, text) != NULL;
}

gboolean guest_log_has(const struct guest *g, const char *text)
{
    return strstr(g->said[VM_LOG]->str, text) != NULL;
}

gboolean guest_event(const struct guest *g, const char *text)
{
    return strstr(g->events->str, text) != NULL;
}

gboolean guest_gone(const struct guest *g, const char *unused)
{
    (void)unused;
    return g->gone;
}

void guest_assert_nothing_left(const struct guest *g, GPid pid)
{
    g_autoptr(GDir) dir = g_dir_open(g->dir, 0, NULL);
    assert_non_null(dir);
    const char *name = g_dir_read_name(dir);
    if (name)
        fail_msg("%s is left in the directory of the sockets", name);
    assert_true(kill(pid, 0) != 0 && errno == ESRCH);
}

static gboolean on_heard(gint fd, GIOCondition condition, gpointer data)
{
    (void)condition;
    char chunk[4096];
    ssize_t n = recv(fd, chunk, sizeof chunk, MSG_DONTWAIT);
    if (n > 0)
        g_string_append_len((GString *)data, chunk, n);
    return n > 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

int guest_attach(struct guest *g, int person)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_autofree char *path = g_build_filename(g->dir, "attach", NULL);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(g_strlcpy(address.sun_path, path, sizeof address.sun_path) <
                sizeof address.sun_path);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    g->listening[person] = g_unix_fd_source_new(fd, G_IO_IN | G_IO_HUP);
    g_source_set_callback(g->listening[person], (GSourceFunc)(void (*)(void))on_heard,
                          g->heard[person], NULL);
    g_source_attach(g->listening[person], NULL);
    g->sockets[person] = fd;
    return fd;
}

void guest_detach(struct guest *g, int person)
{
    if (!g->listening[person])
        return;
    g_source_destroy(g->listening[person]);
    g_clear_pointer(&g->listening[person], g_source_unref);
    close(g->sockets[person]);
}

gboolean guest_both_heard(const struct guest *g, const char *text)
{
    return strstr(g->heard[0]->str, text) != NULL && strstr(g->heard[1]->str, text) != NULL;
}
