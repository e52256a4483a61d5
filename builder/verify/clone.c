/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/clone.h"

#include "base/files.h"
#include "base/lines.h"
#include "base/text.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define SAID_LENGTH 160
/* A clone sends some KiB to ask for an address; QEMU writes down all that it sends. */
#define CAPTURE_MOST (16u << 20)
#define CAPTURE_MS   250u

struct clone {
    struct clone_evidence *seen;
    GCancellable *cancel;
    struct vm_spec spec;
    vm *machine;
    lines *port, *console;
    char *run_dir, *log_dir, *capture, *final_logs;
    int run_lock;   /* of run_dir */
    answer *coming; /* what the probe is writing */
    answer *ready;  /* what it has written, until it is taken */
    gint64 answered;
    guint boots;
    gboolean gone, panicked, flooded;
    GSource *capture_watch;
    int status;
    char *last; /* line of the console */
};

/* ---- waiting ---- */

struct wait {
    gboolean late;
};

static gboolean clone_on_late(gpointer data)
{
    ((struct wait *)data)->late = TRUE;
    return G_SOURCE_REMOVE;
}

static gboolean clone_on_cancel(GCancellable *cancel, gpointer data)
{
    (void)cancel;
    (void)data;
    return G_SOURCE_REMOVE; /* it has woken the loop */
}

static void clone_drop(GSource *source)
{
    if (!source)
        return;
    g_source_destroy(source);
    g_source_unref(source);
}

static GSource *clone_attach(GSource *source, GSourceFunc call, gpointer data)
{
    g_source_set_callback(source, call, data, NULL);
    g_source_attach(source, g_main_context_get_thread_default());
    return source;
}

static gboolean clone_wait_until(struct clone *c, gboolean (*done)(const struct clone *c, guint n),
                                 guint n, guint milliseconds)
{
    struct wait w = {FALSE};
    GSource *timer = clone_attach(g_timeout_source_new(milliseconds), clone_on_late, &w);
    GSource *stop = c->cancel ? clone_attach(g_cancellable_source_new(c->cancel),
                                             (GSourceFunc)(void (*)(void))clone_on_cancel, NULL)
                              : NULL;
    while (!done(c, n) && !w.late && !c->seen->host->cause &&
           !g_cancellable_is_cancelled(c->cancel))
        g_main_context_iteration(g_main_context_get_thread_default(), TRUE);
    clone_drop(timer);
    clone_drop(stop);
    return done(c, n);
}

static gboolean has_ended(const struct clone *c)
{
    return c->gone || c->panicked || c->seen->host->cause;
}

static gboolean has_booted(const struct clone *c, guint n)
{
    return c->boots >= n || has_ended(c);
}

static gboolean has_answer(const struct clone *c, guint n)
{
    (void)n;
    return c->ready || has_ended(c);
}

static gboolean is_gone(const struct clone *c, guint n)
{
    (void)n;
    return c->gone;
}

static gboolean never(const struct clone *c, guint n)
{
    (void)c;
    (void)n;
    return FALSE;
}

/* ---- what comes ---- */

static void on_port_line(const char *line, gpointer user)
{
    struct clone *c = user;
    if (!answer_line(c->coming, line))
        return;
    g_autoptr(answer) whole = g_steal_pointer(&c->coming);
    c->coming = answer_new();
    if (answer_number(whole, "hello")) {
        c->boots++;
        return;
    }
    g_clear_pointer(&c->ready, answer_free);
    c->ready = g_steal_pointer(&whole);
    c->answered = g_get_real_time() / G_USEC_PER_SEC;
}

static void clone_on_console_line(const char *line, gpointer user)
{
    struct clone *c = user;
    g_free(c->last);
    c->last = g_utf8_substring(line, 0, MIN(g_utf8_strlen(line, -1), SAID_LENGTH));
}

static void clone_on_data(vm *machine, enum vm_channel channel, const char *bytes, gsize length,
                          gpointer user)
{
    (void)machine;
    struct clone *c = user;
    if (channel != VM_LOG)
        lines_feed(channel == VM_PORT ? c->port : c->console, bytes, length);
}

static void clone_on_event(vm *machine, const char *name, const char *reason, gpointer user)
{
    (void)machine;
    struct clone *c = user;
    struct host_fault *host = c->seen->host;
    if (strcmp(name, "GUEST_PANICKED") == 0)
        c->panicked = TRUE;
    if (strcmp(name, "BLOCK_IO_ERROR") == 0 && !host->cause)
        host->cause = vm_disk_fault(reason, c->spec.disk, &host->remedy);
}

static void clone_on_gone(vm *machine, int status, gpointer user)
{
    (void)machine;
    struct clone *c = user;
    c->gone = TRUE;
    c->status = status;
}

/* A guest that floods the network would fill the host's disk; its machine ends at once. */
static gboolean on_capture(gpointer user)
{
    struct clone *c = user;
    GStatBuf info;
    if (c->gone || g_stat(c->capture, &info) != 0 || info.st_size <= (goffset)CAPTURE_MOST)
        return G_SOURCE_CONTINUE;
    c->flooded = TRUE;
    kill(vm_pid(c->machine), SIGKILL);
    return G_SOURCE_REMOVE;
}

/* ---- starting ---- */

static gboolean make_dirs(struct clone *c, const struct verify_spec *spec, GError **error)
{
    g_autofree char *runtime = files_runtime_dir(error);
    if (!runtime)
        return FALSE;
    g_autofree char *prefix = g_strdup_printf("clone-%s", c->seen->name);
    c->run_dir = files_live_dir(runtime, prefix, &c->run_lock, error);
    c->log_dir = g_build_filename(spec->work_dir, prefix, NULL);
    c->final_logs = g_strdup_printf("%s/%s", spec->log_dir, prefix);
    c->capture = g_build_filename(c->log_dir, "network.pcap", NULL);
    return c->run_dir && files_mkdir(c->log_dir, TRUE, error);
}

static void clone_fill_spec(struct clone *c, const struct verify_spec *spec, const char *overlay)
{
    c->spec = (struct vm_spec){.name = g_strdup_printf("clone-%s", c->seen->name),
                               .arch = g_strdup(spec->arch),
                               .firmware = vm_firmware_ref(spec->firmware),
                               .accel = {.kvm = spec->accel->kvm,
                                         .cpu = g_strdup(spec->accel->cpu),
                                         .option = g_strdup(spec->accel->option)},
                               .cpus = spec->cpus,
                               .memory = spec->memory,
                               .disk = g_strdup(overlay),
                               .network = TRUE,
                               .hidden = spec->hidden,
                               .mac = g_strdup(c->seen->mac),
                               .closed = TRUE,
                               .capture = g_strdup(c->capture),
                               .port = g_strdup(PROBE_PORT),
                               .hotplug = TRUE,
                               .restarts = TRUE};
}

static gboolean verify_clone_start(struct clone *c, const struct verify_spec *spec,
                                   const char *disk, char **oem_strings, GError **error)
{
    const struct vm_events events = {
        .data = clone_on_data, .event = clone_on_event, .gone = clone_on_gone, .user = c};
    if (!make_dirs(c, spec, error))
        return FALSE;
    g_autofree char *overlay =
        g_strdup_printf("%s/clone-%s." VM_DISK_FORMAT, spec->work_dir, c->seen->name);
    if (!vm_disk_create(overlay, 0, disk, c->cancel, error))
        return FALSE;
    clone_fill_spec(c, spec, overlay);
    c->spec.oem_strings = g_strdupv(oem_strings);
    c->machine = vm_start(&c->spec, c->run_dir, c->log_dir, &events, error);
    if (c->machine)
        c->capture_watch = clone_attach(g_timeout_source_new(CAPTURE_MS), on_capture, c);
    return c->machine != NULL;
}

struct clone *clone_start(const struct verify_spec *spec, const char *disk, char **oem_strings,
                          struct clone_evidence *seen, GCancellable *cancel, GError **error)
{
    struct clone *c = g_new0(struct clone, 1);
    c->seen = seen;
    c->cancel = cancel;
    c->coming = answer_new();
    c->port = lines_new(on_port_line, c);
    c->console = lines_new(clone_on_console_line, c);
    if (verify_clone_start(c, spec, disk, oem_strings, error))
        return c;
    clone_free(c);
    return NULL;
}

/* The logs of a machine are beside those of the other stages under names of their own. */
static void keep_logs(const struct clone *c)
{
    static const char *const names[] = {"console.log", "port.log", "qemu.log"};
    for (gsize i = 0; c->final_logs && i < G_N_ELEMENTS(names); i++) {
        g_autofree char *from = g_build_filename(c->log_dir, names[i], NULL);
        g_autofree char *to = g_strdup_printf("%s.%s", c->final_logs, names[i]);
        g_autoptr(GFile) source = g_file_new_for_path(from);
        g_autoptr(GFile) target = g_file_new_for_path(to);
        (void)g_file_move(source, target, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, NULL);
    }
}

static void read_capture(const struct clone *c)
{
    g_autoptr(GError) error = NULL;
    if (!c->machine || dhcp_read(c->capture, &c->seen->dhcp, &error) || c->seen->trouble)
        return;
    c->seen->trouble = g_strdup(error->message);
}

void clone_free(struct clone *c)
{
    if (!c)
        return;
    vm *machine = c->machine;
    clone_drop(c->capture_watch);
    vm_free(machine);
    read_capture(c);
    keep_logs(c);
    files_remove_tree(c->run_dir);
    if (c->run_dir)
        files_unlock(c->run_lock);
    vm_spec_clear(&c->spec);
    lines_free(c->port);
    lines_free(c->console);
    answer_free(c->coming);
    answer_free(c->ready);
    g_free(c->run_dir);
    g_free(c->log_dir);
    g_free(c->final_logs);
    g_free(c->capture);
    g_free(c->last);
    g_free(c);
}

vm *clone_machine(struct clone *c)
{
    return has_ended(c) ? NULL : c->machine;
}

/* ---- asking ---- */

static char *flood_text(void)
{
    g_autofree char *size = text_size(CAPTURE_MOST);
    return g_strdup_printf("it sent more than %s to a network where nothing answers", size);
}

static void in_trouble(struct clone *c, const char *what, guint seconds)
{
    if (c->seen->trouble || g_cancellable_is_cancelled(c->cancel))
        return;
    g_autofree char *limit = text_duration(seconds);
    g_autofree char *why = c->seen->host->cause ? g_strdup(c->seen->host->cause)
                           : c->flooded         ? flood_text()
                           : c->panicked        ? g_strdup("its kernel panicked")
                           : c->gone ? g_strdup_printf("QEMU exited with status %d", c->status)
                                     : g_strdup_printf("not after %s", limit);
    c->seen->trouble = g_strdup_printf("%s: %s%s%s", what, why, c->last ? "; its console: " : "",
                                       c->last ? c->last : "");
}

gboolean clone_wait_probe(struct clone *c, guint boots, guint seconds)
{
    if (c->seen->trouble)
        return FALSE;
    if (clone_wait_until(c, has_booted, boots, seconds * 1000) && c->boots >= boots)
        return TRUE;
    in_trouble(c, "the probe did not report", seconds);
    return FALSE;
}

void clone_send(struct clone *c, const char *question)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *line = g_strconcat(question, "\n", NULL);
    g_clear_pointer(&c->ready, answer_free);
    if (!clone_machine(c) || c->seen->trouble)
        return;
    if (!vm_write(c->machine, VM_PORT, line, strlen(line), &error))
        c->seen->trouble = g_strdup(error->message);
}

answer *clone_answer(struct clone *c, guint seconds)
{
    if (c->seen->trouble)
        return NULL;
    if (clone_wait_until(c, has_answer, 0, seconds * 1000) && c->ready)
        return g_steal_pointer(&c->ready);
    in_trouble(c, "the probe did not answer", seconds);
    return NULL;
}

gint64 clone_answered(const struct clone *c)
{
    return c->answered;
}

answer *clone_ask(struct clone *c, const char *question, guint seconds)
{
    clone_send(c, question);
    return clone_answer(c, seconds);
}

gboolean clone_power_off(struct clone *c, guint seconds)
{
    if (!clone_machine(c) || !vm_stop(c->machine, TRUE, NULL))
        return FALSE;
    return clone_wait_until(c, is_gone, 0, seconds * 1000) && c->status == 0;
}

void clone_let_run(struct clone *c, guint milliseconds)
{
    (void)clone_wait_until(c, never, 0, milliseconds);
}
