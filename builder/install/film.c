/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "install/wait.h"

#include "base/text.h"

#include <string.h>

#define FILM_LIMIT 60u   /* pictures of one machine */
#define TEXT_LIMIT 4000u /* bytes of a picture's text: its end */

/* A character that is cut is shown as such. */
static char *end_of(const char *text)
{
    gsize length = strlen(text);
    return text_printable(length > TEXT_LIMIT ? text + length - TEXT_LIMIT : text, -1);
}

static char *console_now(const struct wait *w)
{
    g_autofree char *console = wait_console_tail(w);
    return *console ? end_of(console) : NULL;
}

static char *screen_now(const struct wait *w)
{
    g_autofree char *screen = eyes_read(w->eyes);
    return screen ? end_of(screen) : console_now(w);
}

/* Takes file and text. */
static void film_add(struct wait *w, char *file, char *text)
{
    struct install_picture *picture = g_new0(struct install_picture, 1);
    picture->at = wait_seconds_since(w->began);
    picture->phase = g_strdup(wait_phase(w)->name);
    picture->file = file;
    picture->text = text;
    g_ptr_array_add(w->record->pictures, picture);
}

void wait_film(struct wait *w)
{
    guint number = w->record->pictures->len;
    g_autoptr(GError) error = NULL;
    g_autofree char *file = g_strdup_printf("screen-%s-%02u.png", w->spec->name, number + 1);
    g_autofree char *path = g_build_filename(w->spec->log_dir, file, NULL);
    if (!w->machine || number >= FILM_LIMIT)
        return;
    gboolean saved = eyes_picture(w->eyes, path, FALSE, &error);
    if (error)
        progress_detail(w->progress, "no picture of the screen: %s", error->message);
    g_autofree char *text = saved ? screen_now(w) : console_now(w);
    if (saved || text)
        film_add(w, saved ? g_steal_pointer(&file) : NULL, g_steal_pointer(&text));
}

void wait_last_picture(struct wait *w)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(w->spec->log_dir, "screen.png", NULL);
    gboolean saved = eyes_picture(w->eyes, path, TRUE, NULL);
    /* QEMU has a picture also where there is no connection to its screen. */
    if (!saved && !vm_screenshot(w->machine, path, &error)) {
        progress_detail(w->progress, "no picture of the screen: %s", error->message);
        return;
    }
    film_add(w, g_strdup("screen.png"), screen_now(w));
}
