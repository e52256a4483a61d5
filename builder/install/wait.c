/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "install/wait.h"

#include "base/files.h"
#include "base/text.h"
#include "install/loader.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/* How often limits and activity are looked at. */
#define TICK_MS        500u
#define QEMU_LOG_LIMIT (64u << 20)

/* The phase before the installer's first line. */
static const char first_phase[] = "boot", first_step[] = "start";

/* ---- phases ---- */

static void wait_end_phase(struct wait *w)
{
    wait_phase(w)->seconds = wait_seconds_since(w->phase_began);
}

/* A failure in this phase must not be blamed on reasons from the phase before. */
static void wait_begin_phase(struct wait *w, const char *name)
{
    if (w->record->phases->len)
        wait_end_phase(w);
    (void)timeline_phases_add(w->record->phases, name);
    w->phase_began = g_get_monotonic_time();
    g_clear_pointer(&w->reason.cause, g_free);
    g_clear_pointer(&w->reason_line, g_free);
    progress_phase(w->progress, name);
    wait_take_picture(w);
}

/* ---- output of the guest ---- */

static void on_log_line(const char *line, gpointer data)
{
    struct wait *w = data;
    struct match match;
    if (w->over)
        return;
    wait_remember(w, VM_LOG, line);
    progress_detail(w->progress, "%s", line);
    const struct os_phase *phase = matcher_phase(w->matcher, line);
    if (phase && strcmp(phase->phase, wait_phase(w)->name) != 0)
        wait_begin_phase(w, phase->phase);
    if (phase && phase->final)
        w->final = TRUE;
    wait_reason(w, line);
    if (matcher_log(w->matcher, line, &match))
        wait_fail(w, match.cause, match.remedy);
}

static void wait_on_console_line(const char *line, gpointer data)
{
    struct wait *w = data;
    struct match match;
    if (w->over)
        return;
    wait_remember(w, VM_CONSOLE, line);
    wait_reason(w, line);
    if (matcher_console(w->matcher, line, &match))
        wait_fail(w, match.cause, match.remedy);
}

static void wait_on_data(vm *machine, enum vm_channel channel, const char *bytes, gsize length,
                         gpointer user)
{
    (void)machine;
    struct wait *w = user;
    wait_moved(w);
    if (w->loader && channel == VM_CONSOLE)
        loader_console(w->loader, bytes, length);
    lines_feed(channel == VM_LOG ? w->log : w->console, bytes, length);
}

/* ---- events of QEMU ---- */

static void fail_by_disk(struct wait *w, const char *reason)
{
    g_autofree char *remedy = NULL;
    char *cause = vm_disk_fault(reason, w->spec->vm->disk, &remedy);
    wait_fail(w, cause, remedy);
}

static void wait_on_event(vm *machine, const char *name, const char *reason, gpointer user)
{
    (void)machine;
    struct wait *w = user;
    progress_detail(w->progress, "QEMU: %s %s", name, reason);
    if (strcmp(name, "GUEST_PANICKED") == 0)
        wait_fail(w, g_strdup("the guest's kernel panicked"), NULL);
    if (strcmp(name, "BLOCK_IO_ERROR") == 0)
        fail_by_disk(w, reason);
    if (strcmp(name, "SHUTDOWN") == 0 && !w->ended)
        w->ended = g_strdup(reason);
}

/* The last line of qemu.log that is not a warning, or NULL; owned by the caller. */
static char *wait_qemu_message(const struct wait *w)
{
    g_autofree char *path = g_build_filename(w->spec->log_dir, "qemu.log", NULL);
    gsize length = 0;
    g_autofree char *raw = files_read(path, QEMU_LOG_LIMIT, &length, NULL);
    g_autofree char *text = raw ? text_printable(raw, (gssize)length) : g_strdup("");
    g_auto(GStrv) all = g_strsplit(text, "\n", -1);
    for (guint i = g_strv_length(all); i-- > 0;)
        if (*g_strstrip(all[i]) && !strstr(all[i], "warning:"))
            return g_strdup_printf(": %s", all[i]);
    return NULL;
}

static void fail_by_status(struct wait *w, int status)
{
    g_autofree char *said = wait_qemu_message(w);
    const char *words = said ? said : "";
    wait_fail(w,
              status > 128 ? g_strdup_printf("QEMU was killed by signal %d%s", status - 128, words)
                           : g_strdup_printf("QEMU exited with status %d%s", status, words),
              status == 128 + 9 ? "the host's kernel does that when memory runs out: see dmesg"
                                : NULL);
}

/* With -no-reboot a restart ends QEMU as a power-off does; before the final phase both mean that
 * the installer gave up. */
static void wait_on_gone(vm *machine, int status, gpointer user)
{
    (void)machine;
    struct wait *w = user;
    const char *why = w->ended ? w->ended : "";
    gboolean off = strcmp(why, "guest-shutdown") == 0, reset = strcmp(why, "guest-reset") == 0;
    w->gone = TRUE;
    if (status != 0) {
        fail_by_status(w, status);
    } else if ((off || reset) && w->final) {
        w->good = !w->over;
    } else if (off || reset) {
        wait_fail(w,
                  g_strdup_printf("the guest %s before the installation was finished",
                                  off ? "powered off" : "restarted"),
                  NULL);
    } else {
        wait_fail(w, g_strdup_printf("QEMU was stopped from outside%s%s", *why ? ": " : "", why),
                  NULL);
    }
    wait_over(w);
}

/* ---- a program in the place of a machine ---- */

static void wait_on_program_data(const char *bytes, gsize length, gpointer user)
{
    wait_on_data(NULL, VM_LOG, bytes, length, user);
}

static void wait_on_program_gone(int status, gpointer user)
{
    struct wait *w = user;
    w->gone = TRUE;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && w->final)
        w->good = !w->over;
    else if (WIFSIGNALED(status))
        wait_fail(w, g_strdup_printf("the program was killed by signal %d", WTERMSIG(status)),
                  WTERMSIG(status) == SIGKILL ? "if memory ran out, raise vm.memory in the recipe"
                                              : NULL);
    else
        wait_fail(w,
                  g_strdup_printf("the program exited with status %d before the installation "
                                  "was finished",
                                  WEXITSTATUS(status)),
                  NULL);
    wait_over(w);
}

/* ---- running ---- */

static gboolean wait_on_tick(gpointer data)
{
    wait_check(data);
    return G_SOURCE_CONTINUE;
}

static gboolean wait_on_cancel(GCancellable *cancel, gpointer data)
{
    (void)cancel;
    struct wait *w = data;
    w->cancelled = TRUE;
    wait_over(w);
    return G_SOURCE_REMOVE;
}

static GSource *wait_attach(GSource *source, GSourceFunc call, struct wait *w)
{
    g_source_set_callback(source, call, w, NULL);
    g_source_attach(source, g_main_context_get_thread_default());
    return source;
}

static void wait_detach(GSource *source)
{
    if (!source)
        return;
    g_source_destroy(source);
    g_source_unref(source);
}

static void wait_watch(struct wait *w, GCancellable *cancel)
{
    GSource *tick = wait_attach(g_timeout_source_new(TICK_MS), wait_on_tick, w);
    GSource *stop = cancel ? wait_attach(g_cancellable_source_new(cancel),
                                         (GSourceFunc)(void (*)(void))wait_on_cancel, w)
                           : NULL;
    while (!w->over)
        g_main_loop_run(w->loop);
    wait_detach(tick);
    wait_detach(stop);
}

/* A machine whose screen cannot be seen is waited for all the same. */
static void wait_open_display(struct wait *w)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *vnc = g_build_filename(vm_dir(w->machine), "vnc", NULL);
    w->display = display_open(vnc, &error);
    if (!w->display)
        progress_detail(w->progress, "cannot read the screen: %s", error->message);
}

/* The last screen is the best evidence; if QEMU is gone, there is none. */
static void watch_to_end(struct wait *w, GCancellable *cancel)
{
    do {
        wait_watch(w, cancel);
        if (w->record->failure && !w->gone && w->machine)
            wait_last_picture(w);
    } while (w->record->failure && !w->gone && w->machine && w->spec->keep &&
             wait_pause(w, cancel));
}

static gboolean wait_judge(const struct wait *w, GCancellable *cancel, GError **error)
{
    if (w->cancelled)
        return !g_cancellable_set_error_if_cancelled(cancel, error);
    if (w->good)
        return TRUE;
    wait_set_error(w, error);
    return FALSE;
}

static void on_loader_failed(const char *cause, const char *remedy, gpointer user)
{
    wait_fail(user, g_strdup(cause), remedy);
}

static gboolean start_loader(struct wait *w, GError **error)
{
    if (!w->spec->boot_command)
        return TRUE;
    g_autofree char *vnc = g_build_filename(vm_dir(w->machine), "vnc", NULL);
    w->loader = loader_start(w->spec->boot_command, vnc, w->progress, on_loader_failed, w, error);
    return w->loader != NULL;
}

static gboolean wait_start_machine(struct wait *w, GError **error)
{
    const struct vm_events events = {
        .data = wait_on_data, .event = wait_on_event, .gone = wait_on_gone, .user = w};
    w->machine = vm_start(w->spec->vm, w->spec->dir, w->spec->log_dir, &events, error);
    if (!w->machine)
        return FALSE;
    wait_open_display(w);
    return start_loader(w, error);
}

static gboolean wait_start_program(struct wait *w, GError **error)
{
    const struct program_calls calls = {
        .data = wait_on_program_data, .gone = wait_on_program_gone, .user = w};
    w->program = program_start(w->spec, &calls, error);
    return w->program != NULL;
}

static gboolean wait_run(struct wait *w, GCancellable *cancel, GError **error)
{
    const struct install_spec *spec = w->spec;
    const struct matcher_lists lists = {spec->phases, spec->failures, spec->console, spec->reasons};
    w->matcher = matcher_new(&lists, error);
    if (!w->matcher || g_cancellable_set_error_if_cancelled(cancel, error))
        return FALSE;
    wait_begin_phase(w, spec->sandbox ? first_step : first_phase);
    w->began = w->last_active = g_get_monotonic_time();
    gboolean begun = spec->sandbox ? wait_start_program(w, error) : wait_start_machine(w, error);
    if (begun)
        watch_to_end(w, cancel);
    wait_end_phase(w);
    loader_free(w->loader);
    display_free(g_steal_pointer(&w->display));
    vm_free(g_steal_pointer(&w->machine));
    program_free(g_steal_pointer(&w->program));
    return begun && wait_judge(w, cancel, error);
}

static void wait_clear(struct wait *w)
{
    matcher_free(w->matcher);
    lines_free(w->log);
    lines_free(w->console);
    g_main_loop_unref(w->loop);
    g_free(w->ended);
    wait_forget(w);
}

gboolean install_run(const struct install_spec *spec, progress *p, GCancellable *cancel,
                     struct install_record **record, GError **error)
{
    struct wait w = {.spec = spec, .progress = p};
    w.loop = g_main_loop_new(g_main_context_get_thread_default(), FALSE);
    w.record = install_record_new(spec->name);
    w.log = lines_new(on_log_line, &w);
    w.console = lines_new(wait_on_console_line, &w);
    gboolean good = wait_run(&w, cancel, error);
    wait_clear(&w);
    if (record)
        *record = g_steal_pointer(&w.record);
    else
        install_record_free(w.record);
    return good;
}
