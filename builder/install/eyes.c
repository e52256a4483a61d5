/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "install/wait.h"

#include "screen/screen.h"

#include <string.h>

/* A screen that changes all the time is looked at so often. */
#define LOOK_SECONDS 2.0
/* What a blinking cursor changes of a graphical screen is no change. */
#define BLINKS 0.0005

struct eyes {
    screen *screen; /* NULL: it cannot be seen */
    screen_fonts *fonts;
    guint64 seen; /* changes of the frame, when it was looked at */
    gint64 looked;
    char *text;                  /* what was read then; NULL: it was no text */
    struct screen_frame *before; /* of a graphical screen: when it moved last */
    guint64 pictured;            /* the fingerprint of the last picture */
    gboolean lost;
};

static void eyes_on_lost(screen *s, gpointer user)
{
    (void)s;
    struct eyes *e = user;
    e->lost = TRUE;
}

struct eyes *eyes_open(const char *vnc, GError **error)
{
    struct eyes *e = g_new0(struct eyes, 1);
    const struct screen_calls calls = {.lost = eyes_on_lost, .user = e};
    e->screen = screen_open(vnc, &calls, error);
    if (!e->screen) {
        eyes_free(e);
        return NULL;
    }
    e->fonts = screen_fonts_new();
    return e;
}

void eyes_free(struct eyes *e)
{
    if (!e)
        return;
    screen_free(e->screen);
    screen_fonts_free(e->fonts);
    screen_frame_free(e->before);
    g_free(e->text);
    g_free(e);
}

static const struct screen_frame *frame_of(const struct eyes *e)
{
    const struct screen_frame *frame = e && e->screen ? screen_frame(e->screen) : NULL;
    return frame && frame->changes ? frame : NULL;
}

/* A graphical screen has moved when more of it is different than a cursor. */
static gboolean picture_moved(struct eyes *e, const struct screen_frame *frame)
{
    if (e->before && screen_difference(e->before, frame) <= BLINKS)
        return FALSE;
    screen_frame_free(e->before);
    e->before = screen_frame_copy(frame);
    return TRUE;
}

static gboolean text_moved(struct eyes *e, char *text)
{
    g_autofree char *before = e->text;
    e->text = text;
    return g_strcmp0(before, text) != 0;
}

gboolean eyes_moved(struct eyes *e)
{
    const struct screen_frame *frame = frame_of(e);
    struct screen_reading reading;
    if (!frame || frame->changes == e->seen || wait_seconds_since(e->looked) < LOOK_SECONDS)
        return FALSE;
    e->seen = frame->changes;
    e->looked = g_get_monotonic_time();
    g_autofree char *text = screen_text(frame, e->fonts, &reading);
    if (reading.readable)
        return text_moved(e, g_steal_pointer(&text));
    g_clear_pointer(&e->text, g_free);
    return picture_moved(e, frame);
}

const char *eyes_text(const struct eyes *e)
{
    return e && e->text && *e->text ? e->text : NULL;
}

char *eyes_read(const struct eyes *e)
{
    const struct screen_frame *frame = frame_of(e);
    struct screen_reading reading;
    g_autofree char *text = frame ? screen_text(frame, e->fonts, &reading) : NULL;
    return text && *text ? g_steal_pointer(&text) : NULL;
}

gboolean eyes_picture(struct eyes *e, const char *path, gboolean always, GError **error)
{
    const struct screen_frame *frame = frame_of(e);
    guint64 now = frame ? screen_fingerprint(frame) : 0;
    if (!frame || (!always && now == e->pictured))
        return FALSE;
    e->pictured = now;
    return screen_save_png(frame, path, error);
}
