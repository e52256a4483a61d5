/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/vm.h"

#include "base/error.h"
#include "base/files.h"
#include "base/spawn.h"
#include "base/text.h"
#include "vm/arch.h"
#include "vm/channel.h"
#include "vm/qmp.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixinputstream.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* QEMU connects its channels while it starts, before it loads anything large. */
#define CONNECT_MS 30000
/* A guest that writes without end must not fill the host's disk. */
#define LOG_LIMIT (64u << 20)
/* Those of aarch64 fill a flash memory of 64 MiB (QEMU hw/arm/virt.c, VIRT_FLASH). */
#define VARIABLES_LIMIT (64u << 20)
#define SPARSE_BLOCK    4096u
/* How much of QEMU's own output an error may hold. */
#define SAID_LIMIT 2000u

/* One stream of bytes from QEMU, and the file in which it is kept. */
struct port {
    vm *machine;
    int channel; /* enum vm_channel; -1: QEMU's own output */
    stream *stream;
    secrets_stream *masker; /* of what is logged and relayed */
    int log;
    gsize logged;
};

enum { PORT_CONSOLE, PORT_LOG, PORT_EXTRA, PORT_OUTPUT, PORTS };

struct vm {
    char *dir;
    GSubprocess *process;
    GPid pid;
    struct vm_events events;
    struct port ports[PORTS];
    relay *relay;
    qmp *qmp;
    GCancellable *waiting;
    gboolean extra; /* has the channel VM_PORT */
    gboolean gone;
    guint16 queues[2];  /* of the NIC: as last seen; the first is what it receives */
    guint64 packets[2]; /* that went through them */
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* ---- what comes ---- */

static void keep_log(struct port *p, const char *bytes, gsize length)
{
    while (length && p->log >= 0 && p->logged < LOG_LIMIT) {
        ssize_t n = write(p->log, bytes, MIN(length, LOG_LIMIT - p->logged));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            g_warning("cannot write the log of a channel: %s", g_strerror(errno));
            close_fd(&p->log);
            return;
        }
        bytes += n;
        length -= (gsize)n;
        p->logged += (gsize)n;
    }
}

/* What people see. */
static void vm_on_masked(const char *bytes, gsize length, gpointer data)
{
    struct port *p = data;
    keep_log(p, bytes, length);
    if (p->channel == VM_CONSOLE && p->machine->relay)
        relay_send(p->machine->relay, bytes, length);
}

/* The wait gets what the guest says as it is: a secret may look like what is waited for. */
static void vm_on_data(const char *bytes, gsize length, gpointer data)
{
    struct port *p = data;
    vm *machine = p->machine;
    secrets_stream_feed(p->masker, bytes, length);
    if (p->channel >= 0 && machine->events.data)
        machine->events.data(machine, (enum vm_channel)p->channel, bytes, length,
                             machine->events.user);
}

static void vm_on_typed(const char *bytes, gsize length, gpointer data)
{
    vm *machine = data;
    /* A guest that does not read its console loses what is typed, as on a real line. */
    if (machine->ports[PORT_CONSOLE].stream)
        (void)!stream_send(machine->ports[PORT_CONSOLE].stream, bytes, length);
}

static void vm_on_event(const char *name, const char *reason, gpointer data)
{
    vm *machine = data;
    if (machine->events.event)
        machine->events.event(machine, name, reason, machine->events.user);
}

/* What QEMU said before its end is delivered before the end is reported. */
static void vm_on_end(GObject *process, GAsyncResult *result, gpointer data)
{
    if (!g_subprocess_wait_finish(G_SUBPROCESS(process), result, NULL))
        return; /* cancelled: the vm is freed */
    vm *machine = data;
    GSubprocess *child = machine->process;
    for (int i = 0; i < PORTS; i++)
        if (machine->ports[i].stream)
            stream_drain(machine->ports[i].stream);
    for (int i = 0; i < PORTS; i++)
        secrets_stream_end(machine->ports[i].masker);
    qmp_drain(machine->qmp);
    machine->gone = TRUE;
    int status = g_subprocess_get_if_signaled(child) ? 128 + g_subprocess_get_term_sig(child)
                                                     : g_subprocess_get_exit_status(child);
    if (machine->events.gone)
        machine->events.gone(machine, status, machine->events.user);
}

/* ---- starting ---- */

static int open_log(const char *dir, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot write %s: %s", path,
                        g_strerror(errno));
    return fd;
}

static gboolean open_logs(vm *machine, const char *log_dir, GError **error)
{
    static const char *const names[PORTS] = {"console.log", "log.log", "port.log", "qemu.log"};
    for (int i = 0; i < PORTS; i++) {
        if (i == PORT_EXTRA && !machine->extra)
            continue;
        machine->ports[i].log = open_log(log_dir, names[i], error);
        if (machine->ports[i].log < 0)
            return FALSE;
    }
    return TRUE;
}

/* The sockets on which QEMU's connections are waited for, and then those connections. */
struct sockets {
    int fds[4];
};

static const char *const socket_names[4] = {"console", "log", "qmp", "port"};

static gsize sockets_used(const vm *machine)
{
    return machine->extra ? G_N_ELEMENTS(socket_names) : G_N_ELEMENTS(socket_names) - 1;
}

static void sockets_close(const vm *machine, struct sockets *s)
{
    for (gsize i = 0; i < G_N_ELEMENTS(s->fds); i++) {
        g_autofree char *path = g_build_filename(machine->dir, socket_names[i], NULL);
        if (s->fds[i] >= 0)
            (void)unlink(path);
        close_fd(&s->fds[i]);
    }
}

static gboolean sockets_listen(const vm *machine, struct sockets *s, GError **error)
{
    for (gsize i = 0; i < sockets_used(machine); i++) {
        s->fds[i] = channel_listen(machine->dir, socket_names[i], error);
        if (s->fds[i] < 0)
            return FALSE;
    }
    return TRUE;
}

static int output_fd(const vm *machine)
{
    return g_unix_input_stream_get_fd(
        G_UNIX_INPUT_STREAM(g_subprocess_get_stdout_pipe(machine->process)));
}

/* QEMU ended while it started: its own words are the cause, else what was noticed. */
static void set_start_error(vm *machine, const char *noticed, GError **error)
{
    char said[SAID_LIMIT];
    gsize length = 0;
    ssize_t n;
    g_subprocess_force_exit(machine->process);
    (void)g_subprocess_wait(machine->process, NULL, NULL);
    while (length < sizeof said &&
           (n = read(output_fd(machine), said + length, sizeof said - length)) > 0)
        length += (gsize)n;
    secrets_stream_feed(machine->ports[PORT_OUTPUT].masker, said, length);
    g_autofree char *text = text_printable(said, (gssize)length);
    ingot_set_error(error, INGOT_EXIT_HOST, NULL, "QEMU did not start: %s",
                    *g_strstrip(text) ? text : noticed);
}

/* The connection that QEMU makes to a listening socket, or -1 when QEMU ends or the limit comes:
 * the end of its output is the end of QEMU. */
static int accept_one(const vm *machine, int listening, gint64 end)
{
    for (;;) {
        int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0)
            return fd;
        GPollFD fds[2] = {{.fd = listening, .events = G_IO_IN},
                          {.fd = output_fd(machine), .events = G_IO_HUP}};
        gint64 left = (end - g_get_monotonic_time()) / 1000;
        if (left <= 0)
            return -1;
        (void)g_poll(fds, 2, (gint)left);
        if (fds[1].revents & (G_IO_HUP | G_IO_ERR))
            return -1;
    }
}

static gboolean accept_all(vm *machine, const struct sockets *listening, struct sockets *connected,
                           GError **error)
{
    gint64 end = g_get_monotonic_time() + (gint64)CONNECT_MS * 1000;
    for (gsize i = 0; i < sockets_used(machine); i++) {
        connected->fds[i] = accept_one(machine, listening->fds[i], end);
        if (connected->fds[i] < 0) {
            set_start_error(machine, "it did not connect its serial ports", error);
            return FALSE;
        }
    }
    return TRUE;
}

static void open_port(vm *machine, int index, int channel, int fd)
{
    struct port *p = &machine->ports[index];
    const struct stream_calls calls = {.data = vm_on_data, .user = p};
    p->channel = channel;
    p->stream = stream_new(fd, &calls);
}

static gboolean vm_spawn(vm *machine, const struct vm_spec *spec, GError **error)
{
    g_autoptr(GPtrArray) argv = vm_argv(spec, machine->dir);
    machine->process =
        spawn_start((const char *const *)argv->pdata,
                    G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, error);
    if (!machine->process)
        return FALSE;
    const char *pid = g_subprocess_get_identifier(machine->process);
    machine->pid = pid ? (GPid)g_ascii_strtoll(pid, NULL, 10) : 0;
    return TRUE;
}

/* Takes the connections. */
static gboolean vm_take_connections(vm *machine, struct sockets *connected, GError **error)
{
    int output = fcntl(output_fd(machine), F_DUPFD_CLOEXEC, 0);
    open_port(machine, PORT_CONSOLE, VM_CONSOLE, g_steal_fd(&connected->fds[0]));
    open_port(machine, PORT_LOG, VM_LOG, g_steal_fd(&connected->fds[1]));
    if (machine->extra)
        open_port(machine, PORT_EXTRA, VM_PORT, g_steal_fd(&connected->fds[3]));
    open_port(machine, PORT_OUTPUT, -1, output);
    g_autoptr(GError) local = NULL;
    machine->qmp = qmp_new(g_steal_fd(&connected->fds[2]), vm_on_event, machine, &local);
    if (!machine->qmp || !qmp_execute(machine->qmp, "cont", NULL, NULL, &local)) {
        set_start_error(machine, local->message, error);
        return FALSE;
    }
    machine->waiting = g_cancellable_new();
    g_subprocess_wait_async(machine->process, machine->waiting, vm_on_end, machine);
    return TRUE;
}

/* Blocks of zeros stay holes. */
static gboolean write_sparse(int fd, const char *data, gsize length)
{
    static const char zeros[SPARSE_BLOCK];
    for (gsize at = 0; at < length; at += SPARSE_BLOCK) {
        gsize n = MIN(length - at, SPARSE_BLOCK);
        if (memcmp(data + at, zeros, n) != 0 && pwrite(fd, data + at, n, (off_t)at) != (ssize_t)n)
            return FALSE;
    }
    return ftruncate(fd, (off_t)length) == 0;
}

/* The firmware writes to its variables, so the machine has its own.  They are in the directory of
 * the sockets, which may be in memory: nearly all of the 64 MiB of aarch64 are zeros. */
static gboolean copy_variables(const vm *machine, const struct vm_spec *spec, GError **error)
{
    if (!spec->firmware || !spec->firmware->variables)
        return TRUE;
    g_autofree char *path = vm_variables_path(spec, machine->dir);
    gsize length = 0;
    g_autofree char *data = files_read(spec->firmware->variables, VARIABLES_LIMIT, &length, error);
    if (!data)
        return FALSE;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    gboolean good = fd >= 0 && write_sparse(fd, data, length);
    if (!good)
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot write %s: %s", path,
                        g_strerror(errno));
    close_fd(&fd);
    return good;
}

static gboolean vm_launch(vm *machine, const struct vm_spec *spec, GError **error)
{
    struct sockets listening = {{-1, -1, -1, -1}}, connected = {{-1, -1, -1, -1}};
    machine->relay = relay_new(machine->dir, vm_on_typed, machine, error);
    gboolean good = machine->relay && copy_variables(machine, spec, error) &&
                    sockets_listen(machine, &listening, error) && vm_spawn(machine, spec, error) &&
                    accept_all(machine, &listening, &connected, error) &&
                    vm_take_connections(machine, &connected, error);
    sockets_close(machine, &listening);
    sockets_close(machine, &connected);
    return good;
}

static gboolean vm_can_start(const struct vm_spec *spec, GError **error)
{
    gboolean alone = spec->kernel && !vm_kernel_firmware(spec->arch);
    if (!vm_arch_find(spec->arch))
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "%s is not an architecture that ingot knows",
                        spec->arch);
    else if (!spec->firmware && !alone)
        ingot_set_error(error, INGOT_EXIT_FAILURE, NULL, "the machine %s was given no firmware",
                        spec->name);
    else
        return TRUE;
    return FALSE;
}

vm *vm_start(const struct vm_spec *spec, const char *dir, const char *log_dir,
             const struct vm_events *events, GError **error)
{
    if (!vm_can_start(spec, error))
        return NULL;
    vm *machine = g_new0(vm, 1);
    machine->dir = g_canonicalize_filename(dir, NULL);
    machine->events = *events;
    machine->extra = spec->port != NULL;
    for (int i = 0; i < PORTS; i++) {
        machine->ports[i] = (struct port){.machine = machine, .channel = -1, .log = -1};
        machine->ports[i].masker =
            secrets_stream_new(spec->hidden, vm_on_masked, &machine->ports[i]);
    }
    if (open_logs(machine, log_dir, error) && vm_launch(machine, spec, error))
        return machine;
    vm_free(machine);
    return NULL;
}

static void remove_files(const vm *machine)
{
    static const char *const names[] = {"vnc", "variables"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(machine->dir, names[i], NULL);
        (void)unlink(path);
    }
}

void vm_free(vm *machine)
{
    if (!machine)
        return;
    if (machine->waiting)
        g_cancellable_cancel(machine->waiting);
    g_clear_object(&machine->waiting);
    if (machine->process && !machine->gone) {
        g_subprocess_force_exit(machine->process);
        (void)g_subprocess_wait(machine->process, NULL, NULL);
    }
    g_clear_object(&machine->process);
    qmp_free(machine->qmp);
    for (int i = 0; i < PORTS; i++) {
        stream_free(machine->ports[i].stream);
        secrets_stream_end(machine->ports[i].masker);
        secrets_stream_free(machine->ports[i].masker);
        close_fd(&machine->ports[i].log);
    }
    relay_free(machine->relay);
    remove_files(machine);
    g_free(machine->dir);
    g_free(machine);
}

/* ---- asking ---- */

gboolean vm_write(vm *machine, enum vm_channel channel, const char *bytes, gsize length,
                  GError **error)
{
    static const int ports[] = {
        [VM_CONSOLE] = PORT_CONSOLE, [VM_LOG] = PORT_LOG, [VM_PORT] = PORT_EXTRA};
    struct port *p = &machine->ports[ports[channel]];
    if (p->stream && stream_send(p->stream, bytes, length))
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_INSTALL, NULL, "the guest does not read its serial port");
    return FALSE;
}

gboolean vm_stop(vm *machine, gboolean gentle, GError **error)
{
    return qmp_execute(machine->qmp, gentle ? "system_powerdown" : "quit", NULL, NULL, error);
}

gboolean vm_pause(vm *machine, GError **error)
{
    return qmp_execute(machine->qmp, "stop", NULL, NULL, error);
}

gboolean vm_continue(vm *machine, GError **error)
{
    return qmp_execute(machine->qmp, "cont", NULL, NULL, error);
}

static guint64 stats_member(const json_t *stats, const char *name)
{
    return (guint64)json_integer_value(json_object_get(stats, name));
}

static void count_bytes(const json_t *devices, struct vm_counters *c)
{
    size_t i;
    json_t *device;
    json_array_foreach(devices, i, device)
    {
        const json_t *stats = json_object_get(device, "stats");
        c->disk_read += stats_member(stats, "rd_bytes");
        c->disk_written += stats_member(stats, "wr_bytes") + stats_member(stats, "unmap_bytes");
    }
}

/* What moves with every packet is the position in the two queues of the NIC, 16 bits that wrap
 * around (virtio 1.2, 2.7.8; the first queue receives, 5.1.2).  The command is there since 7.2 and
 * is not promised to stay: without it the disk alone speaks. */
static void count_packets(vm *machine)
{
    for (int i = 0; i < 2; i++) {
        json_t *status = NULL;
        json_t *arguments =
            json_pack("{s:s, s:i}", "path", "/machine/peripheral/net0/virtio-backend", "queue", i);
        if (!qmp_execute(machine->qmp, "x-query-virtio-queue-status", arguments, &status, NULL))
            return;
        guint16 now = (guint16)json_integer_value(json_object_get(status, "used-idx"));
        machine->packets[i] += (guint16)(now - machine->queues[i]);
        machine->queues[i] = now;
        json_decref(status);
    }
}

gboolean vm_counters(vm *machine, struct vm_counters *counters, GError **error)
{
    json_t *devices = NULL;
    if (!qmp_execute(machine->qmp, "query-blockstats", NULL, &devices, error))
        return FALSE;
    *counters = (struct vm_counters){0};
    count_bytes(devices, counters);
    json_decref(devices);
    count_packets(machine);
    counters->received = machine->packets[0];
    counters->sent = machine->packets[1];
    return TRUE;
}

gboolean vm_screenshot(vm *machine, const char *path, GError **error)
{
    g_autofree char *file = g_canonicalize_filename(path, NULL);
    return qmp_execute(machine->qmp, "screendump",
                       json_pack("{s:s, s:s}", "filename", file, "format", "png"), NULL, error);
}

qmp *vm_monitor(vm *machine)
{
    return machine->qmp;
}

const char *vm_dir(const vm *machine)
{
    return machine->dir;
}

GPid vm_pid(const vm *machine)
{
    return machine->pid;
}
