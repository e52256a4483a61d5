/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "install/wait.h"

#include "base/text.h"

#include <string.h>

#define FILM_LIMIT 60u   /* pictures of one machine */
#define TEXT_LIMIT 4000u /* bytes of a picture's text: its end */

/* A character that is cut is shown as such. */
static char *pictures_end_of(const char *text)
{
    gsize length = strlen(text);
    return text_printable(length > TEXT_LIMIT ? text + length - TEXT_LIMIT : text, -1);
}

static char *pictures_console(const struct wait *w)
{
    g_autofree char *console = wait_console_tail(w);
    return *console ? pictures_end_of(console) : NULL;
}

static char *pictures_screen(const struct wait *w)
{
    g_autofree char *screen = display_read(w->display);
    return screen ? pictures_end_of(screen) : pictures_console(w);
}

/* Takes file and text. */
static void pictures_add(struct wait *w, char *file, char *text)
{
    struct install_picture *picture = g_new0(struct install_picture, 1);
    picture->at = wait_seconds_since(w->began);
    picture->phase = g_strdup(wait_phase(w)->name);
    picture->file = file;
    picture->text = text;
    g_ptr_array_add(w->record->pictures, picture);
}

void wait_take_picture(struct wait *w)
{
    guint number = w->record->pictures->len;
    g_autoptr(GError) error = NULL;
    g_autofree char *file = g_strdup_printf("screen-%s-%02u.png", w->spec->name, number + 1);
    g_autofree char *path = g_build_filename(w->spec->log_dir, file, NULL);
    if (!w->machine || number >= FILM_LIMIT)
        return;
    gboolean saved = display_picture(w->display, path, FALSE, &error);
    if (error)
        progress_detail(w->progress, "no picture of the screen: %s", error->message);
    g_autofree char *text = saved ? pictures_screen(w) : pictures_console(w);
    if (saved || text)
        pictures_add(w, saved ? g_steal_pointer(&file) : NULL, g_steal_pointer(&text));
}

void wait_last_picture(struct wait *w)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(w->spec->log_dir, "screen.png", NULL);
    gboolean saved = display_picture(w->display, path, TRUE, NULL);
    /* QEMU has a picture also where there is no connection to its screen. */
    if (!saved && !vm_screenshot(w->machine, path, &error)) {
        progress_detail(w->progress, "no picture of the screen: %s", error->message);
        return;
    }
    pictures_add(w, g_strdup("screen.png"), pictures_screen(w));
}
