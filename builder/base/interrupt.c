/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/interrupt.h"

#include "base/error.h"

#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

struct interrupt {
    GCancellable *cancel;
    GMainContext *context;
    GMainLoop *loop;
    GThread *thread;
};

static gboolean on_signal(gpointer data)
{
    interrupt *i = data;
    if (g_cancellable_is_cancelled(i->cancel))
        _exit(INGOT_EXIT_INTERRUPTED);
    g_cancellable_cancel(i->cancel);
    return G_SOURCE_CONTINUE;
}

static gpointer interrupt_run(gpointer data)
{
    interrupt *i = data;
    g_main_context_push_thread_default(i->context);
    g_main_loop_run(i->loop);
    g_main_context_pop_thread_default(i->context);
    return NULL;
}

interrupt *interrupt_new(GCancellable *cancel)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    interrupt *i = g_new0(interrupt, 1);
    i->cancel = g_object_ref(cancel);
    i->context = g_main_context_new();
    i->loop = g_main_loop_new(i->context, FALSE);
    for (gsize s = 0; s < G_N_ELEMENTS(signals); s++) {
        g_autoptr(GSource) source = g_unix_signal_source_new(signals[s]);
        g_source_set_callback(source, on_signal, i, NULL);
        g_source_attach(source, i->context);
    }
    i->thread = g_thread_new("signals", interrupt_run, i);
    return i;
}

static gboolean quit(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

void interrupt_free(interrupt *i)
{
    if (!i)
        return;
    /* By a source and not directly: the loop may not run yet, and would miss the call. */
    g_autoptr(GSource) source = g_idle_source_new();
    g_source_set_callback(source, quit, i->loop, NULL);
    g_source_attach(source, i->context);
    g_thread_join(i->thread);
    g_main_loop_unref(i->loop);
    g_main_context_unref(i->context);
    g_object_unref(i->cancel);
    g_free(i);
}

void interrupt_survive_closed_pipes(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
}
