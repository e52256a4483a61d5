/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/console.h"

#include "base/files.h"
#include "screen/screen.h"

#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ingot console --screen: what the machine shows, as text. */

/* The first frame comes at once. */
#define FIRST_SECONDS 10u
/* How often a person wants to see something new. */
#define REDRAW_MS 100u

/* xterm(1), "ctlseqs": the alternate screen without automatic line ends, and back. */
#define ENTER "\033[?1049h\033[?7l\033[?25l"
#define LEAVE "\033[?25h\033[?7h\033[?1049l"
#define CLEAR "\033[H\033[2J"

struct view {
    struct call *call;
    GMainLoop *loop;
    screen_fonts *fonts;
    screen *screen;
    char *shown; /* last */
    guint timer; /* a redraw is due */
    gboolean came, lost, late, left;
};

/* ---- what is shown ---- */

static char *console_screen_describe(const struct view *v)
{
    const struct screen_frame *frame = screen_frame(v->screen);
    struct screen_reading reading;
    g_autofree char *text = screen_text(frame, v->fonts, &reading);
    if (reading.readable)
        return g_steal_pointer(&text);
    return g_strdup_printf(
        "(the screen is graphical: %ux%u pixels%s)%s%s", frame->width, frame->height,
        screen_fonts_rom(v->fonts) ? ""
                                   : "; the fonts of text mode were not found, install seabios",
        *text ? "\n" : "", text);
}

static void console_screen_print_json(const struct view *v)
{
    const struct screen_frame *frame = screen_frame(v->screen);
    struct screen_reading reading;
    g_autofree char *text = screen_text(frame, v->fonts, &reading);
    json_t *value = json_pack("{s:s?, s:b, s:i, s:i}", "text",
                              *text || reading.readable ? text : NULL, "readable", reading.readable,
                              "width", (int)frame->width, "height", (int)frame->height);
    call_print_json(v->call, value);
}

static gboolean redraw(gpointer data)
{
    struct view *v = data;
    v->timer = 0;
    g_autofree char *text = console_screen_describe(v);
    if (g_strcmp0(text, v->shown) == 0)
        return G_SOURCE_REMOVE;
    GString *out = g_string_new(text);
    g_string_replace(out, "\n", "\r\n", 0); /* the terminal is raw */
    g_string_prepend(out, CLEAR);
    if (!files_write_all(STDOUT_FILENO, out->str, out->len))
        g_main_loop_quit(v->loop);
    g_string_free(out, TRUE);
    g_free(v->shown);
    v->shown = g_steal_pointer(&text);
    return G_SOURCE_REMOVE;
}

/* ---- what happens ---- */

static void on_first(screen *s, gpointer user)
{
    (void)s;
    struct view *v = user;
    v->came = TRUE;
    g_main_loop_quit(v->loop);
}

static void on_changed(screen *s, gpointer user)
{
    (void)s;
    struct view *v = user;
    v->came = TRUE;
    if (!v->timer)
        v->timer = g_timeout_add(v->shown ? REDRAW_MS : 0, redraw, v);
}

static void console_screen_on_lost(screen *s, gpointer user)
{
    (void)s;
    struct view *v = user;
    v->lost = TRUE;
    g_main_loop_quit(v->loop);
}

static gboolean on_late(gpointer data)
{
    struct view *v = data;
    v->late = TRUE;
    g_main_loop_quit(v->loop);
    return G_SOURCE_REMOVE;
}

static gboolean console_screen_from_person(gint fd, GIOCondition condition, gpointer data)
{
    (void)condition;
    struct view *v = data;
    char chunk[256];
    ssize_t n = read(fd, chunk, sizeof chunk);
    if (n > 0 && !memchr(chunk, CONSOLE_DETACH, (gsize)n))
        return G_SOURCE_CONTINUE; /* only looked at, not typed at */
    v->left = TRUE;
    g_main_loop_quit(v->loop);
    return G_SOURCE_REMOVE;
}

static void run_loop(struct view *v)
{
    gulong id =
        g_cancellable_connect(v->call->cancel, G_CALLBACK(console_on_cancel), v->loop, NULL);
    if (!g_cancellable_is_cancelled(v->call->cancel))
        g_main_loop_run(v->loop);
    g_cancellable_disconnect(v->call->cancel, id);
}

/* ---- the two ways ---- */

static gboolean show_once(struct view *v, GError **error)
{
    guint timer = g_timeout_add_seconds(FIRST_SECONDS, on_late, v);
    run_loop(v);
    if (!v->late)
        g_source_remove(timer);
    if (!v->came) {
        if (!g_cancellable_set_error_if_cancelled(v->call->cancel, error))
            ingot_set_error(error, INGOT_EXIT_HOST, "try again; see whether the build still runs",
                            v->lost ? "the machine ended before its screen was seen"
                                    : "the machine shows no screen for %u seconds",
                            FIRST_SECONDS);
        return FALSE;
    }
    if (v->call->json) {
        console_screen_print_json(v);
        return TRUE;
    }
    g_autofree char *text = console_screen_describe(v);
    puts(text);
    return TRUE;
}

static void say_end(const struct view *v)
{
    if (v->lost)
        progress_info(v->call->progress, "the machine has ended; the last on its screen:\n%s",
                      v->shown ? v->shown : "(nothing)");
    else
        progress_info(v->call->progress, "detached");
}

static void show_live(struct view *v)
{
    struct termios saved;
    gboolean raw = console_raw(&saved);
    guint person =
        raw ? g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, console_screen_from_person, v) : 0;
    if (files_write_all(STDOUT_FILENO, ENTER, strlen(ENTER)))
        run_loop(v);
    fputs(LEAVE, stdout);
    fflush(stdout);
    if (person && !v->left)
        g_source_remove(person);
    if (raw)
        console_cooked(&saved);
    if (v->timer)
        g_source_remove(v->timer);
    say_end(v);
}

gboolean console_screen(struct call *c, const char *socket_path, GError **error)
{
    gboolean live = isatty(STDOUT_FILENO) && !c->json;
    struct view v = {.call = c, .loop = g_main_loop_new(NULL, FALSE), .fonts = screen_fonts_new()};
    const struct screen_calls calls = {
        .changed = live ? on_changed : on_first, .lost = console_screen_on_lost, .user = &v};
    gboolean good = (v.screen = screen_open(socket_path, &calls, error)) != NULL;
    if (good && live)
        show_live(&v);
    else if (good)
        good = show_once(&v, error);
    screen_free(v.screen);
    screen_fonts_free(v.fonts);
    g_free(v.shown);
    g_main_loop_unref(v.loop);
    return good;
}
