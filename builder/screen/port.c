/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "screen/screen.h"

/* The screen of a machine as a typist sees it. */

struct port {
    screen *screen;
    const screen_fonts *fonts;
    char *text; /* what was read for the frame of this number; NULL: graphics */
    guint64 read;
    guint64 looked;  /* the frame that was looked at last … */
    guint64 last[2]; /* … and the fingerprints of the last two that differ */
    guint64 changes;
};

static gboolean port_key(guint32 keysym, gboolean down, gpointer user, GError **error)
{
    return screen_key(((struct port *)user)->screen, keysym, down, error);
}

/* A cursor that blinks makes the same two frames in turn, which is no change. */
static guint64 port_changes(gpointer user)
{
    struct port *p = user;
    const struct screen_frame *frame = screen_frame(p->screen);
    if (frame->changes == p->looked)
        return p->changes;
    p->looked = frame->changes;
    guint64 print = screen_fingerprint(frame);
    if (print != p->last[0] && print != p->last[1])
        p->changes++;
    if (print != p->last[0]) {
        p->last[1] = p->last[0];
        p->last[0] = print;
    }
    return p->changes;
}

/* Reading takes milliseconds, and the typist asks more than once for a frame. */
static char *port_text(gpointer user)
{
    struct port *p = user;
    guint64 changes = screen_frame(p->screen)->changes;
    struct screen_reading reading;
    if (changes == 0 || changes != p->read) {
        g_free(p->text);
        p->text = screen_text(screen_frame(p->screen), p->fonts, &reading);
        if (!reading.readable)
            g_clear_pointer(&p->text, g_free);
        p->read = changes;
    }
    return g_strdup(p->text);
}

static void port_free(gpointer user)
{
    g_free(((struct port *)user)->text);
    g_free(user);
}

struct typist_port screen_typist_port(screen *s, const screen_fonts *fonts)
{
    struct port *p = g_new0(struct port, 1);
    p->screen = s;
    p->fonts = fonts;
    return (struct typist_port){
        .key = port_key, .text = port_text, .changes = port_changes, .free = port_free, .user = p};
}
