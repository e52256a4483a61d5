/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/console.h"

#include "base/files.h"

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Attaches to the serial console of a running build, or shows its screen. */

#define ABOUT_LIMIT 4096

struct running {
    char *name, *dir;
    int pid;
};

static void running_free(gpointer data)
{
    struct running *r = data;
    g_free(r->name);
    g_free(r->dir);
    g_free(r);
}

static struct running *read_running(const char *parent, const char *entry)
{
    g_autofree char *dir = g_build_filename(parent, entry, NULL);
    g_autofree char *file = g_build_filename(dir, "build.json", NULL);
    g_autofree char *text = files_read(file, ABOUT_LIMIT, NULL, NULL);
    json_t *about = text ? json_loads(text, 0, NULL) : NULL;
    const char *name = NULL;
    int pid = 0;
    struct running *r = NULL;
    if (about && json_unpack(about, "{s:s, s:i}", "name", &name, "pid", &pid) == 0 && pid > 0 &&
        (kill(pid, 0) == 0 || errno == EPERM)) {
        r = g_new0(struct running, 1);
        r->name = g_strdup(name);
        r->dir = g_strdup(dir);
        r->pid = pid;
    }
    json_decref(about);
    return r;
}

static GPtrArray *find_running(const char *name, GError **error)
{
    g_autofree char *parent = files_runtime_dir(error);
    if (!parent)
        return NULL;
    GPtrArray *found = g_ptr_array_new_with_free_func(running_free);
    g_autoptr(GDir) dir = g_dir_open(parent, 0, NULL);
    const char *entry;
    while (dir && (entry = g_dir_read_name(dir))) {
        struct running *r = read_running(parent, entry);
        if (r && (!name || strcmp(r->name, name) == 0))
            g_ptr_array_add(found, r);
        else if (r)
            running_free(r);
    }
    return found;
}

static const struct running *choose(const GPtrArray *found, const char *name, GError **error)
{
    if (found->len == 1)
        return g_ptr_array_index(found, 0);
    if (found->len == 0) {
        ingot_set_error(
            error, INGOT_EXIT_USAGE, "a console is there while the install stage of a build runs",
            name ? "no build of %s is installing" : "no build is installing%s", name ? name : "");
        return NULL;
    }
    GString *names = g_string_new(NULL);
    for (guint i = 0; i < found->len; i++) {
        const struct running *r = g_ptr_array_index(found, i);
        g_string_append_printf(names, "%s%s (process %d)", i ? ", " : "", r->name, r->pid);
    }
    ingot_set_error(error, INGOT_EXIT_USAGE, "name one: ingot console NAME",
                    "several builds are installing: %s", names->str);
    g_string_free(names, TRUE);
    return NULL;
}

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

static gboolean from_person(gint fd, GIOCondition condition, gpointer data)
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

gboolean console_raw(struct termios *saved)
{
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, saved) != 0)
        return FALSE;
    struct termios raw = *saved;
    cfmakeraw(&raw);
    return tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

void console_cooked(const struct termios *saved)
{
    (void)tcsetattr(STDIN_FILENO, TCSANOW, saved);
}

void console_on_cancel(GCancellable *cancel, gpointer loop)
{
    (void)cancel;
    g_main_loop_quit(loop);
}

static void attach(struct call *c, GSocket *socket)
{
    struct termios saved;
    struct session s = {.loop = g_main_loop_new(NULL, FALSE), .socket = socket};
    gboolean raw = console_raw(&saved);
    g_autoptr(GSource) guest = g_socket_create_source(socket, G_IO_IN | G_IO_HUP, NULL);
    g_autoptr(GSource) person = g_unix_fd_source_new(STDIN_FILENO, G_IO_IN | G_IO_HUP);
    g_source_set_callback(guest, G_SOURCE_FUNC(from_guest), &s, NULL);
    g_source_set_callback(person, G_SOURCE_FUNC(from_person), &s, NULL);
    g_source_attach(guest, NULL);
    g_source_attach(person, NULL);
    gulong id = g_cancellable_connect(c->cancel, G_CALLBACK(console_on_cancel), s.loop, NULL);
    g_main_loop_run(s.loop);
    g_cancellable_disconnect(c->cancel, id);
    g_source_destroy(guest);
    g_source_destroy(person);
    if (raw)
        console_cooked(&saved);
    progress_info(c->progress, s.ended ? "\nthe console has closed" : "\ndetached");
    g_main_loop_unref(s.loop);
}

static GSocket *connect_to(const char *path, GError **error)
{
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
    g_autoptr(GSocket) socket =
        g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, error);
    return socket && g_socket_connect(socket, address, NULL, error) ? g_steal_pointer(&socket)
                                                                    : NULL;
}

static gboolean attach_serial(struct call *c, const struct running *r, GError **error)
{
    g_autofree char *path = g_build_filename(r->dir, "attach", NULL);
    g_autoptr(GSocket) socket = connect_to(path, error);
    if (!socket)
        return FALSE;
    progress_info(c->progress, "console of %s (process %d); Ctrl-] detaches", r->name, r->pid);
    progress_info(c->progress, "the screen is VNC on the Unix socket %s/vnc", r->dir);
    attach(c, socket);
    return TRUE;
}

struct options {
    gboolean screen;
};

static const GOptionEntry entries[] = {{"screen", 0, 0, G_OPTION_ARG_NONE,
                                        COMMAND_OPTION(struct options, screen),
                                        "Show the machine's screen as text", NULL},
                                       {NULL, 0, 0, 0, NULL, NULL, NULL}};

static gboolean run(struct call *c, GError **error)
{
    const struct options *o = c->options;
    g_autoptr(GPtrArray) found = find_running(c->args[0], error);
    const struct running *r = found ? choose(found, c->args[0], error) : NULL;
    if (!r)
        return FALSE;
    if (!o->screen)
        return attach_serial(c, r, error);
    g_autofree char *path = g_build_filename(r->dir, "vnc", NULL);
    return console_screen(c, path, error);
}

const command command_console = {
    .name = "console",
    .arguments = "[NAME]",
    .heading = "Attach to the serial console of a running build, or show its screen",
    .description = "Shows what the guest writes and sends what you type. Several people can be "
                   "attached at once; Ctrl-] detaches. Where the VNC socket of the screen is, is "
                   "printed first. With --screen the text on the machine's screen is shown "
                   "instead, anew when it changes; nothing is typed at the machine, and Ctrl-] "
                   "leaves. Where standard output is no terminal, the screen is printed once. "
                   "A screen that is no text is only named, with its size.",
    .least = 0,
    .most = 1,
    .entries = entries,
    .options_size = sizeof(struct options),
    .run = run,
};
