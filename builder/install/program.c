/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "install/program.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define CHUNK 16384

struct program {
    GSubprocess *process;
    GPollableInputStream *output; /* of process */
    GSource *source;
    GCancellable *stop; /* ends the wait for the process */
    struct program_calls calls;
    secrets_stream *masked;
    int log;
};

/* A log that cannot be written is no reason to give up. */
static void program_log(const char *bytes, gsize length, gpointer user)
{
    const program *p = user;
    while (length) {
        ssize_t n = write(p->log, bytes, length);
        if (n <= 0)
            return;
        bytes += n;
        length -= (gsize)n;
    }
}

/* FALSE: there is nothing more, now or ever. */
static gboolean program_read(program *p)
{
    char chunk[CHUNK];
    gssize n = g_pollable_input_stream_read_nonblocking(p->output, chunk, sizeof chunk, NULL, NULL);
    if (n <= 0)
        return FALSE;
    secrets_stream_feed(p->masked, chunk, (gsize)n);
    p->calls.data(chunk, (gsize)n, p->calls.user);
    return TRUE;
}

static gboolean program_on_output(GObject *stream, gpointer data)
{
    program *p = data;
    (void)stream;
    /* At the end the pipe stays readable: its process tells when that is. */
    return program_read(p) ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* All processes of the sandbox are gone with it, so what they wrote is complete. */
static void program_on_exit(GObject *object, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    if (!g_subprocess_wait_finish(G_SUBPROCESS(object), result, &error))
        return; /* p is gone */
    program *p = data;
    while (program_read(p))
        continue;
    secrets_stream_end(p->masked);
    p->calls.gone(g_subprocess_get_status(p->process), p->calls.user);
}

static void program_listen(program *p)
{
    p->output = G_POLLABLE_INPUT_STREAM(g_subprocess_get_stdout_pipe(p->process));
    p->source = g_pollable_input_stream_create_source(p->output, NULL);
    g_source_set_callback(p->source, (GSourceFunc)(void (*)(void))program_on_output, p, NULL);
    g_source_attach(p->source, g_main_context_get_thread_default());
    g_subprocess_wait_async(p->process, p->stop, program_on_exit, p);
}

program *program_start(const struct install_spec *spec, const struct program_calls *calls,
                       GError **error)
{
    g_autofree char *log = g_build_filename(spec->log_dir, "log.log", NULL);
    program *p = g_new0(program, 1);
    p->calls = *calls;
    p->stop = g_cancellable_new();
    p->log = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
    p->masked = secrets_stream_new(spec->hidden, program_log, p);
    p->process = sandbox_start(spec->sandbox, error);
    if (!p->process) {
        program_free(p);
        return NULL;
    }
    program_listen(p);
    return p;
}

void program_free(program *p)
{
    if (!p)
        return;
    g_cancellable_cancel(p->stop);
    if (p->process)
        g_subprocess_force_exit(p->process);
    if (p->source) {
        g_source_destroy(p->source);
        g_source_unref(p->source);
    }
    secrets_stream_free(p->masked);
    if (p->log >= 0)
        close(p->log);
    g_clear_object(&p->process);
    g_object_unref(p->stop);
    g_free(p);
}
