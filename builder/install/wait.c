/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "install/install.h"

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "base/lines.h"
#include "install/loader.h"
#include "install/matcher.h"

#include <string.h>

/* How often limits and activity are looked at. */
#define TICK_MS 500u
/* Lines of the guest that go into an error, and how much of each. */
#define LAST_LINES     6u
#define LAST_LENGTH    160
#define QEMU_LOG_LIMIT (64u << 20)

/* The phase before the installer has said anything. */
static const char first_phase[] = "boot";

struct wait {
    const struct install_spec *spec;
    progress *progress;
    GMainLoop *loop;
    vm *machine;
    matcher *matcher;
    loader *loader; /* NULL: nothing is typed */
    lines *log, *console;
    GPtrArray *phases; /* of struct install_phase; the last one runs */
    gint64 began, phase_began, last_active;
    guint64 counter;
    gboolean final;
    GQueue last[2]; /* printable lines of console and log, by enum vm_channel */
    char *ended;    /* why QEMU said that it stops: SHUTDOWN's reason */
    gboolean over, good, cancelled;
    char *cause;
    char *remedy;
};

void install_phase_free(struct install_phase *phase)
{
    if (!phase)
        return;
    g_free(phase->name);
    g_free(phase);
}

static void free_phase(gpointer phase)
{
    install_phase_free(phase);
}

static double seconds_since(gint64 began)
{
    return (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
}

/* ---- phases ---- */

static struct install_phase *current(const struct wait *w)
{
    return g_ptr_array_index(w->phases, w->phases->len - 1);
}

static void end_phase(struct wait *w)
{
    current(w)->seconds = seconds_since(w->phase_began);
}

static void begin_phase(struct wait *w, const char *name)
{
    if (w->phases->len)
        end_phase(w);
    struct install_phase *phase = g_new0(struct install_phase, 1);
    phase->name = g_strdup(name);
    g_ptr_array_add(w->phases, phase);
    w->phase_began = g_get_monotonic_time();
    progress_phase(w->progress, name);
}

/* ---- the end ---- */

static void finish(struct wait *w)
{
    w->over = TRUE;
    g_main_loop_quit(w->loop);
}

/* The first cause counts: what follows it is its consequence.  Takes cause. */
static void fail(struct wait *w, char *cause, const char *remedy)
{
    if (w->over) {
        g_free(cause);
        return;
    }
    w->cause = cause;
    w->remedy = g_strdup(remedy);
    finish(w);
}

/* ---- what the guest says ---- */

static void remember(struct wait *w, enum vm_channel channel, const char *line)
{
    GQueue *last = &w->last[channel];
    g_queue_push_tail(last, g_utf8_substring(line, 0, MIN(g_utf8_strlen(line, -1), LAST_LENGTH)));
    if (g_queue_get_length(last) > LAST_LINES)
        g_free(g_queue_pop_head(last));
}

static void on_log_line(const char *line, gpointer data)
{
    struct wait *w = data;
    struct match match;
    if (w->over)
        return;
    remember(w, VM_LOG, line);
    progress_detail(w->progress, "%s", line);
    const struct os_phase *phase = matcher_phase(w->matcher, line);
    if (phase && strcmp(phase->phase, current(w)->name) != 0)
        begin_phase(w, phase->phase);
    if (phase && phase->final)
        w->final = TRUE;
    if (matcher_log(w->matcher, line, &match))
        fail(w, match.cause, match.remedy);
}

static void on_console_line(const char *line, gpointer data)
{
    struct wait *w = data;
    struct match match;
    if (w->over)
        return;
    remember(w, VM_CONSOLE, line);
    if (matcher_console(w->matcher, line, &match))
        fail(w, match.cause, match.remedy);
}

static void on_data(vm *machine, enum vm_channel channel, const char *bytes, gsize length,
                    gpointer user)
{
    (void)machine;
    struct wait *w = user;
    w->last_active = g_get_monotonic_time();
    if (w->loader && channel == VM_CONSOLE)
        loader_console(w->loader, bytes, length);
    lines_feed(channel == VM_LOG ? w->log : w->console, bytes, length);
}

/* ---- what QEMU says ---- */

static void on_event(vm *machine, const char *name, const char *reason, gpointer user)
{
    (void)machine;
    struct wait *w = user;
    progress_detail(w->progress, "QEMU: %s %s", name, reason);
    if (strcmp(name, "GUEST_PANICKED") == 0)
        fail(w, g_strdup("the guest's kernel panicked"), NULL);
    if (strcmp(name, "SHUTDOWN") == 0 && !w->ended)
        w->ended = g_strdup(reason);
}

/* The last line of qemu.log that is not a warning, or NULL; owned by the caller. */
static char *qemu_said(const struct wait *w)
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
    g_autofree char *said = qemu_said(w);
    const char *words = said ? said : "";
    fail(w,
         status > 128 ? g_strdup_printf("QEMU was killed by signal %d%s", status - 128, words)
                      : g_strdup_printf("QEMU ended with status %d%s", status, words),
         NULL);
}

/* With -no-reboot a restart ends QEMU as a power-off does; before the final phase both mean that
 * the installer gave up. */
static void on_gone(vm *machine, int status, gpointer user)
{
    (void)machine;
    struct wait *w = user;
    const char *why = w->ended ? w->ended : "";
    gboolean off = strcmp(why, "guest-shutdown") == 0, reset = strcmp(why, "guest-reset") == 0;
    if (status != 0) {
        fail_by_status(w, status);
    } else if ((off || reset) && w->final) {
        w->good = !w->over;
        finish(w);
    } else if (off || reset) {
        fail(w,
             g_strdup_printf("the guest %s before the installation had finished",
                             off ? "powered off" : "restarted"),
             NULL);
    } else {
        fail(w, g_strdup_printf("QEMU was ended from outside%s%s", *why ? ": " : "", why), NULL);
    }
}

/* ---- limits ---- */

static void check_activity(struct wait *w)
{
    guint64 counter = w->counter;
    /* A QEMU that does not answer shows no activity, and the limits go on. */
    if (vm_activity(w->machine, &counter, NULL) && counter != w->counter) {
        w->counter = counter;
        w->last_active = g_get_monotonic_time();
    }
}

/* A prompt is a line without an end at which everything stands still. */
static void check_prompt(struct wait *w)
{
    struct match match;
    if (seconds_since(w->last_active) < INSTALL_PROMPT_SECONDS)
        return;
    g_autofree char *line = lines_partial(w->console);
    if (line && matcher_console(w->matcher, line, &match)) {
        remember(w, VM_CONSOLE, line);
        fail(w, match.cause, match.remedy);
    }
}

static void check_limits(struct wait *w)
{
    const struct install_limits *limits = &w->spec->limits;
    if (limits->total && seconds_since(w->began) >= limits->total) {
        g_autofree char *limit = text_duration(limits->total);
        fail(w, g_strdup_printf("the installation was not over after %s, its limit", limit), NULL);
    } else if (limits->inactivity && seconds_since(w->last_active) >= limits->inactivity) {
        g_autofree char *limit = text_duration(limits->inactivity);
        fail(w,
             g_strdup_printf("nothing moved for %s: no output, no disk and no network activity",
                             limit),
             NULL);
    }
}

static gboolean on_tick(gpointer data)
{
    struct wait *w = data;
    check_activity(w);
    if (w->loader)
        loader_tick(w->loader);
    check_prompt(w);
    check_limits(w);
    return G_SOURCE_CONTINUE;
}

static gboolean on_cancel(GCancellable *cancel, gpointer data)
{
    (void)cancel;
    struct wait *w = data;
    w->cancelled = TRUE;
    finish(w);
    return G_SOURCE_REMOVE;
}

/* ---- running ---- */

static GSource *attach(GSource *source, GSourceFunc call, struct wait *w)
{
    g_source_set_callback(source, call, w, NULL);
    g_source_attach(source, g_main_context_get_thread_default());
    return source;
}

static void detach(GSource *source)
{
    if (!source)
        return;
    g_source_destroy(source);
    g_source_unref(source);
}

static void watch(struct wait *w, GCancellable *cancel)
{
    GSource *tick = attach(g_timeout_source_new(TICK_MS), on_tick, w);
    GSource *stop =
        cancel ? attach(g_cancellable_source_new(cancel), (GSourceFunc)(void (*)(void))on_cancel, w)
               : NULL;
    while (!w->over)
        g_main_loop_run(w->loop);
    detach(tick);
    detach(stop);
}

/* What was on the screen tells most; a QEMU that is gone has none. */
static void picture(const struct wait *w)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(w->spec->log_dir, "screen.png", NULL);
    if (!vm_screenshot(w->machine, path, &error))
        progress_detail(w->progress, "no picture of the screen: %s", error->message);
}

static void append_last(GString *text, const struct wait *w)
{
    const GQueue *log = &w->last[VM_LOG], *console = &w->last[VM_CONSOLE];
    const GQueue *last = log->length ? log : console;
    if (!last->length)
        return;
    g_string_append_printf(text, "\nThe last lines of its %s:", last == log ? "log" : "console");
    for (const GList *line = last->head; line; line = line->next)
        g_string_append_printf(text, "\n  | %s", (const char *)line->data);
}

static gboolean judge(const struct wait *w, GCancellable *cancel, GError **error)
{
    if (w->cancelled)
        return !g_cancellable_set_error_if_cancelled(cancel, error);
    if (w->good)
        return TRUE;
    g_autofree char *took = text_duration(seconds_since(w->began));
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_append_printf(text, "the installation failed in the phase \"%s\", after %s: %s",
                           current(w)->name, took, w->cause);
    append_last(text, w);
    ingot_set_error(error, INGOT_EXIT_INSTALL, w->remedy, "%s", text->str);
    return FALSE;
}

static void on_loader_failed(const char *cause, const char *remedy, gpointer user)
{
    fail(user, g_strdup(cause), remedy);
}

static gboolean start_loader(struct wait *w, GError **error)
{
    if (!w->spec->boot)
        return TRUE;
    g_autofree char *vnc = g_build_filename(w->spec->dir, "vnc", NULL);
    w->loader = loader_start(w->spec->boot, vnc, w->progress, on_loader_failed, w, error);
    return w->loader != NULL;
}

static gboolean run(struct wait *w, GCancellable *cancel, GError **error)
{
    const struct vm_events events = {
        .data = on_data, .event = on_event, .gone = on_gone, .user = w};
    w->matcher = matcher_new(w->spec->phases, w->spec->failures, w->spec->console, error);
    if (!w->matcher || g_cancellable_set_error_if_cancelled(cancel, error))
        return FALSE;
    begin_phase(w, first_phase);
    w->began = w->last_active = g_get_monotonic_time();
    w->machine = vm_start(w->spec->vm, w->spec->dir, w->spec->log_dir, &events, error);
    if (!w->machine)
        return FALSE;
    if (!start_loader(w, error)) {
        vm_free(g_steal_pointer(&w->machine));
        return FALSE;
    }
    watch(w, cancel);
    end_phase(w);
    g_clear_pointer(&w->loader, loader_free);
    if (!w->good && !w->cancelled)
        picture(w);
    vm_free(g_steal_pointer(&w->machine));
    return judge(w, cancel, error);
}

static void clear(struct wait *w)
{
    matcher_free(w->matcher);
    lines_free(w->log);
    lines_free(w->console);
    for (gsize i = 0; i < G_N_ELEMENTS(w->last); i++)
        g_queue_clear_full(&w->last[i], g_free);
    g_main_loop_unref(w->loop);
    g_free(w->ended);
    g_free(w->cause);
    g_free(w->remedy);
}

gboolean install_run(const struct install_spec *spec, progress *p, GCancellable *cancel,
                     GPtrArray **phases, GError **error)
{
    struct wait w = {.spec = spec, .progress = p};
    w.loop = g_main_loop_new(g_main_context_get_thread_default(), FALSE);
    w.phases = g_ptr_array_new_with_free_func(free_phase);
    w.log = lines_new(on_log_line, &w);
    w.console = lines_new(on_console_line, &w);
    gboolean good = run(&w, cancel, error);
    clear(&w);
    if (phases)
        *phases = g_steal_pointer(&w.phases);
    else
        g_ptr_array_unref(w.phases);
    return good;
}
