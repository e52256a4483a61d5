/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "install/wait.h"

#include "base/text.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>

#define WORD_LIMIT 64

struct pause {
    struct wait *wait;
    GCancellable *reading;
    gboolean resumes;
};

/* ---- the two words ---- */

/* One connection, one word; what is not one of them is not answered. */
static void pause_on_word(struct pause *p, const char *word)
{
    p->resumes = strcmp(word, "resume") == 0;
    if (p->resumes || strcmp(word, "stop") == 0)
        g_main_loop_quit(p->wait->loop);
}

/* The keeping is over, and gone, when a read was cancelled. */
static void pause_on_read(GObject *stream, GAsyncResult *result, gpointer connection)
{
    g_autoptr(GBytes) bytes =
        g_input_stream_read_bytes_finish(G_INPUT_STREAM(stream), result, NULL);
    gsize length = 0;
    const char *text = bytes ? g_bytes_get_data(bytes, &length) : NULL;
    g_autofree char *word = text ? g_strndup(text, length) : NULL;
    if (word)
        pause_on_word(g_object_get_data(stream, "pause"), g_strchomp(word));
    g_object_unref(connection);
}

static gboolean pause_on_connection(GSocketService *service, GSocketConnection *connection,
                                    GObject *source, gpointer data)
{
    struct pause *p = data;
    (void)service;
    (void)source;
    GInputStream *in = g_io_stream_get_input_stream(G_IO_STREAM(connection));
    g_object_set_data(G_OBJECT(in), "pause", p);
    g_input_stream_read_bytes_async(in, WORD_LIMIT, G_PRIORITY_DEFAULT, p->reading, pause_on_read,
                                    g_object_ref(connection));
    return TRUE;
}

/* The directory is private, so that only this user's commands reach it. */
static GSocketService *pause_listen(const char *path, struct pause *p, GError **error)
{
    g_autoptr(GSocketService) service = g_socket_service_new();
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
    (void)g_unlink(path);
    if (!g_socket_listener_add_address(G_SOCKET_LISTENER(service), address, G_SOCKET_TYPE_STREAM,
                                       G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, error))
        return NULL;
    g_signal_connect(service, "incoming", G_CALLBACK(pause_on_connection), p);
    return g_steal_pointer(&service);
}

/* ---- waiting for a person ---- */

static gboolean pause_on_limit(gpointer data)
{
    struct pause *p = data;
    g_main_loop_quit(p->wait->loop);
    return G_SOURCE_CONTINUE;
}

static void pause_on_cancel(GCancellable *cancel, gpointer data)
{
    (void)cancel;
    struct pause *p = data;
    p->wait->cancelled = TRUE;
    g_main_loop_quit(p->wait->loop);
}

static void pause_announce(const struct wait *w)
{
    const struct install_failure *f = w->record->failure;
    const char *name = w->spec->vm->name;
    g_autofree char *limit = text_duration(w->spec->keep);
    progress_warning(w->progress, "the phase \"%s\" failed: %s", f->phase, f->cause);
    progress_info(w->progress, "The machine is paused for at most %s:", limit);
    progress_info(w->progress, "  ingot console %s             its serial console", name);
    progress_info(w->progress, "  ingot console --screen %s    its screen (VNC: %s/vnc)", name,
                  vm_dir(w->machine));
    progress_info(w->progress, "  ingot resume %s              lets it continue", name);
    progress_info(w->progress, "  ingot stop %s                ends it, like Ctrl-C here", name);
}

static void pause_wait(struct pause *p, GCancellable *cancel)
{
    GSource *limit = g_timeout_source_new_seconds(p->wait->spec->keep);
    g_source_set_callback(limit, pause_on_limit, p, NULL);
    g_source_attach(limit, g_main_context_get_thread_default());
    gulong id = cancel ? g_cancellable_connect(cancel, G_CALLBACK(pause_on_cancel), p, NULL) : 0;
    if (!p->wait->cancelled && !p->wait->gone)
        g_main_loop_run(p->wait->loop);
    g_cancellable_disconnect(cancel, id);
    g_source_destroy(limit);
    g_source_unref(limit);
}

/* Somebody deals with the question on the console now; the next one is a failure again. */
static gboolean pause_resume(struct wait *w)
{
    struct install_record *record = w->record;
    if (w->gone || !vm_continue(w->machine, NULL))
        return FALSE;
    install_failure_free(g_steal_pointer(&record->failure));
    g_free(w->resumed_at);
    w->resumed_at = wait_visible_text(w);
    w->last_active = g_get_monotonic_time();
    w->over = FALSE;
    progress_info(w->progress, "resumed");
    return TRUE;
}

gboolean wait_pause(struct wait *w, GCancellable *cancel)
{
    g_autoptr(GCancellable) reading = g_cancellable_new();
    struct pause p = {.wait = w, .reading = reading};
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(vm_dir(w->machine), "control", NULL);
    g_autoptr(GSocketService) service = pause_listen(path, &p, &error);
    if (!service || !vm_pause(w->machine, &error)) {
        progress_warning(w->progress, "cannot pause the machine: %s", error->message);
        return FALSE;
    }
    pause_announce(w);
    pause_wait(&p, cancel);
    g_cancellable_cancel(reading);
    g_signal_handlers_disconnect_by_data(service, &p);
    g_socket_service_stop(service);
    g_socket_listener_close(G_SOCKET_LISTENER(service));
    (void)g_unlink(path);
    return p.resumes && !w->cancelled && pause_resume(w);
}
