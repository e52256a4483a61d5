/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/console.h"
#include "stages/stages.h"

#include "base/files.h"

#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

/* Attaches to the serial console of a running build, or shows its screen. */

/* ---- the terminal ---- */

struct session {
    GMainLoop *loop;
    GSocket *socket;
    gboolean ended; /* by the build */
};

static gboolean from_guest(GSocket *socket, GIOCondition condition, gpointer data)
{
    (void)condition;
    struct session *s = data;
    char chunk[4096];
    gssize n = g_socket_receive(socket, chunk, sizeof chunk, NULL, NULL);
    if (n > 0 && files_write_all(STDOUT_FILENO, chunk, (gsize)n))
        return G_SOURCE_CONTINUE;
    s->ended = TRUE;
    g_main_loop_quit(s->loop);
    return G_SOURCE_REMOVE;
}

static gboolean console_from_person(gint fd, GIOCondition condition, gpointer data)
{
    (void)condition;
    struct session *s = data;
    char chunk[256];
    ssize_t n = read(fd, chunk, sizeof chunk);
    if (n <= 0 && !isatty(fd))
        return G_SOURCE_REMOVE; /* a pipe that ended: go on showing */
    if (n <= 0 || memchr(chunk, CONSOLE_DETACH, (gsize)n)) {
        g_main_loop_quit(s->loop);
        return G_SOURCE_REMOVE;
    }
    (void)g_socket_send(s->socket, chunk, (gsize)n, NULL, NULL);
    return G_SOURCE_CONTINUE;
}

static void console_attach(struct call *c, GSocket *socket)
{
    struct termios saved;
    struct session s = {.loop = g_main_loop_new(NULL, FALSE), .socket = socket};
    gboolean raw = console_raw(&saved);
    g_autoptr(GSource) from_build = g_socket_create_source(socket, G_IO_IN | G_IO_HUP, NULL);
    g_autoptr(GSource) person = g_unix_fd_source_new(STDIN_FILENO, G_IO_IN | G_IO_HUP);
    g_source_set_callback(from_build, G_SOURCE_FUNC(from_guest), &s, NULL);
    g_source_set_callback(person, G_SOURCE_FUNC(console_from_person), &s, NULL);
    g_source_attach(from_build, NULL);
    g_source_attach(person, NULL);
    gulong id = g_cancellable_connect(c->cancel, G_CALLBACK(console_on_cancel), s.loop, NULL);
    g_main_loop_run(s.loop);
    g_cancellable_disconnect(c->cancel, id);
    g_source_destroy(from_build);
    g_source_destroy(person);
    if (raw)
        console_cooked(&saved);
    progress_info(c->progress, s.ended ? "\nthe console has closed" : "\ndetached");
    g_main_loop_unref(s.loop);
}

static gboolean attach_serial(struct call *c, const struct running *r, GError **error)
{
    g_autoptr(GSocket) socket = running_connect(r, "attach", error);
    if (!socket)
        return FALSE;
    progress_info(c->progress, "console of %s (process %d); Ctrl-] detaches", r->name, r->pid);
    progress_info(c->progress, "the screen is VNC on the Unix socket %s/vnc", r->dir);
    console_attach(c, socket);
    return TRUE;
}

struct options {
    gboolean screen;
};

static const GOptionEntry entries[] = {{"screen", 0, 0, G_OPTION_ARG_NONE,
                                        COMMAND_OPTION(struct options, screen),
                                        "Show the machine's screen as text", NULL},
                                       {NULL, 0, 0, 0, NULL, NULL, NULL}};

static gboolean console_command(struct call *c, GError **error)
{
    const struct options *o = c->options;
    struct running *r = running_find(c->args[0], "console", error);
    if (!r)
        return FALSE;
    g_autofree char *vnc = g_build_filename(r->dir, "vnc", NULL);
    gboolean good = o->screen ? console_screen(c, vnc, error) : attach_serial(c, r, error);
    running_free(r);
    return good;
}

const command command_console = {
    .name = "console",
    .arguments = "[NAME]",
    .heading = "Attach to the serial console of a running build, or show its screen",
    .description =
        "Shows what the guest writes and sends what you type. Several people can attach at "
        "once; Ctrl-] detaches. The path of the screen's VNC socket is printed first. "
        "--screen shows the text on the machine's screen instead and updates it; nothing is "
        "sent to the machine, and Ctrl-] leaves. If standard output is not a terminal, the "
        "screen is printed once. A screen without text is only named, with its size.",
    .least = 0,
    .most = 1,
    .entries = entries,
    .options_size = sizeof(struct options),
    .run = console_command,
};
