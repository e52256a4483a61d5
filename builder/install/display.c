/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "install/wait.h"

#include "screen/screen.h"

#include <string.h>

/* How often a screen that changes all the time is read. */
#define LOOK_SECONDS 2.0
/* The part of a graphical screen that a blinking cursor changes; it does not count. */
#define BLINKS 0.0005

struct display {
    screen *screen; /* NULL: it cannot be seen */
    screen_fonts *fonts;
    guint64 seen; /* changes of the frame, when it was looked at */
    gint64 looked;
    char *text;                  /* what was read then; NULL: it was no text */
    struct screen_frame *before; /* of a graphical screen: when it moved last */
    guint64 pictured;            /* the fingerprint of the last picture */
    gboolean lost;
};

static void display_on_lost(screen *s, gpointer user)
{
    (void)s;
    struct display *d = user;
    d->lost = TRUE;
}

struct display *display_open(const char *vnc, GError **error)
{
    struct display *d = g_new0(struct display, 1);
    const struct screen_calls calls = {.lost = display_on_lost, .user = d};
    d->screen = screen_open(vnc, &calls, error);
    if (!d->screen) {
        display_free(d);
        return NULL;
    }
    d->fonts = screen_fonts_new();
    return d;
}

void display_free(struct display *d)
{
    if (!d)
        return;
    screen_free(d->screen);
    screen_fonts_free(d->fonts);
    screen_frame_free(d->before);
    g_free(d->text);
    g_free(d);
}

static const struct screen_frame *display_frame(const struct display *d)
{
    const struct screen_frame *frame = d && d->screen ? screen_frame(d->screen) : NULL;
    return frame && frame->changes ? frame : NULL;
}

/* A graphical screen has changed if more than a cursor is different. */
static gboolean display_picture_moved(struct display *d, const struct screen_frame *frame)
{
    if (d->before && screen_difference(d->before, frame) <= BLINKS)
        return FALSE;
    screen_frame_free(d->before);
    d->before = screen_frame_copy(frame);
    return TRUE;
}

static gboolean display_text_moved(struct display *d, char *text)
{
    g_autofree char *before = d->text;
    d->text = text;
    return g_strcmp0(before, text) != 0;
}

gboolean display_changed(struct display *d)
{
    const struct screen_frame *frame = display_frame(d);
    struct screen_reading reading;
    if (!frame || frame->changes == d->seen || wait_seconds_since(d->looked) < LOOK_SECONDS)
        return FALSE;
    d->seen = frame->changes;
    d->looked = g_get_monotonic_time();
    g_autofree char *text = screen_text(frame, d->fonts, &reading);
    if (reading.readable)
        return display_text_moved(d, g_steal_pointer(&text));
    g_clear_pointer(&d->text, g_free);
    return display_picture_moved(d, frame);
}

const char *display_text(const struct display *d)
{
    return d && d->text && *d->text ? d->text : NULL;
}

char *display_read(const struct display *d)
{
    const struct screen_frame *frame = display_frame(d);
    struct screen_reading reading;
    g_autofree char *text = frame ? screen_text(frame, d->fonts, &reading) : NULL;
    return text && *text ? g_steal_pointer(&text) : NULL;
}

gboolean display_picture(struct display *d, const char *path, gboolean always, GError **error)
{
    const struct screen_frame *frame = display_frame(d);
    guint64 now = frame ? screen_fingerprint(frame) : 0;
    if (!frame || (!always && now == d->pictured))
        return FALSE;
    d->pictured = now;
    return screen_save_png(frame, path, error);
}
