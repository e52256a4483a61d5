/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "screen/bootcmd.h"

#include <gio/gio.h>

/* The screen of a machine: frames and keys over RFB (RFC 6143), the text on it, and pictures of
 * it. Knows nothing of QEMU, only of a Unix socket on which an RFB server listens.  Sizes and
 * pixels come from a guest. */

/* ---- frames ---- */

/* No frame has more pixels, and neither side of one is longer; a server that announces more has
 * its connection ended. */
#define SCREEN_MOST_PIXELS (4096u * 4096u)
#define SCREEN_LONGEST     8192u

struct screen_frame {
    guint width, height;
    const guint32 *pixels; /* 0x00RRGGBB, line by line without gaps */
    guint64 changes;       /* grows with every update; 0: nothing has come yet, all is black */
};

/* ---- the connection ---- */

typedef struct screen screen;

/* Both are called from the main loop, in the thread's default context; NULL: not wanted.
 * screen_free must not be called from inside them. */
struct screen_calls {
    /* The frame has changed, its size perhaps too. */
    void (*changed)(screen *s, gpointer user);
    /* The server has ended the connection, or sent what cannot be; the last frame stays.  Nothing
     * is called after this. */
    void (*lost)(screen *s, gpointer user);
    gpointer user;
};

/* Connects to an RFB server without authentication, beside other clients of it.  Waits for the
 * handshake, a few milliseconds with a server that is there and at most ten seconds for each of its
 * answers; the first frame comes later, with the main loop.  Errors: INGOT_EXIT_HOST.  The caller
 * owns the screen. */
screen *screen_open(const char *socket_path, const struct screen_calls *calls,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
void screen_free(screen *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(screen, screen_free)

/* What is on the screen now; belongs to the screen and stays at its place, while its fields change
 * with every turn of the main loop. */
const struct screen_frame *screen_frame(const screen *s);

/* Presses or lets go of a key: an X11 keysym (RFC 6143, 7.5.4).  Errors: INGOT_EXIT_HOST, when the
 * connection has ended or the server takes nothing for ten seconds. */
gboolean screen_key(screen *s, guint32 keysym, gboolean down,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- fonts and text ---- */

/* The fonts that text is read with. */
typedef struct screen_fonts screen_fonts;

/* Those of UEFI firmware, and those of text mode out of the host's VGA BIOS (package seabios), when
 * it has one.  The caller owns them; made once, they serve any number of frames. */
screen_fonts *screen_fonts_new(void);
void screen_fonts_free(screen_fonts *fonts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(screen_fonts, screen_fonts_free)

/* The VGA BIOS that the fonts of text mode come from, or NULL: then no text mode can be read.
 * Belongs to fonts. */
const char *screen_fonts_rom(const screen_fonts *fonts);

/* Takes the fonts of another VGA BIOS in addition.  Errors: the file cannot be read, or has none of
 * the tables 8x16, 8x14 and 8x8 (INGOT_EXIT_HOST). */
gboolean screen_fonts_add_rom(screen_fonts *fonts, const char *path,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct screen_reading {
    gboolean readable;   /* the screen is text; an empty one is, without any */
    const char *font;    /* "VGA 9x16"; NULL: no font matches */
    guint columns, rows; /* cells of that font */
    guint shown;         /* cells that are not blank */
    guint matched;       /* of these: read exactly */
};

/* The text on the screen, as UTF-8 lines with '\n' between them, without blanks at the ends of
 * lines and without empty lines at the end; UEFI firmware writes into the middle of the screen, so
 * there the left and top margins are cut too.  A cell that matches no character of the font is
 * U+FFFD; the screen counts as text (readable) if that is at most one in fifty.  A cursor may be on
 * one cell.  A character and its background may have any two colours.  A screen that is not text
 * gives "", unless words of a known font are next to a picture (EDK2's logo): then readable is
 * FALSE, and the text is what could be read.  reading may be NULL.  The caller owns the text. */
char *screen_text(const struct screen_frame *frame, const screen_fonts *fonts,
                  struct screen_reading *reading) G_GNUC_WARN_UNUSED_RESULT;

/* The screen as a typist needs it (screen/bootcmd.h), for one typist_start.  Whoever has the screen
 * tells that typist of each change.  Both must live longer than the typist. */
struct typist_port screen_typist_port(screen *s, const screen_fonts *fonts);

/* ---- pictures ---- */

/* A frame that stays as it is; the caller frees it. */
struct screen_frame *screen_frame_copy(const struct screen_frame *frame);
void screen_frame_free(struct screen_frame *frame);

/* A number for the size and all pixels: frames that look the same have the same one. */
guint64 screen_fingerprint(const struct screen_frame *frame);

/* The share of the pixels that differ, 0 to 1; 1 when the sizes do. */
double screen_difference(const struct screen_frame *a, const struct screen_frame *b);

/* Writes a PNG file, whole or not at all; with a palette when 256 colours are enough.  Errors:
 * G_FILE_ERROR. */
gboolean screen_save_png(const struct screen_frame *frame, const char *path,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
